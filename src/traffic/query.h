// Query parameters, read straight from the query string: pairs separated by '&', percent-escapes
// and '+' decoded as HTML forms encode them. For route conditions and split keys. The query itself
// is never changed; broken escapes stand for themselves.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace weir::traffic {

struct Parameter {  // both still encoded
  std::string_view name;
  std::string_view value;  // empty when there is no '='
};
// Takes the next parameter off a query; empty ones are passed over. False at the end.
bool next_parameter(std::string_view& query, Parameter& parameter);

// Does `encoded` decode to `plain`? Without memory.
bool query_text_equals(std::string_view encoded, std::string_view plain);

// Decodes into `room`, which holds at least encoded.size() bytes. The result is `encoded` itself
// when there is nothing to decode, else a view into `room`.
std::string_view decode_query_text(std::string_view encoded, std::span<char> room);

// The decoded value of the first parameter of that name (case matters). A view into the query or
// `room`; a value that `room` cannot hold is passed over.
std::optional<std::string_view> find_parameter(std::string_view query, std::string_view name,
                                               std::span<char> room);

// True when accepts(decoded value) is true for a parameter called `name`.
template <class F>
bool any_parameter(std::string_view query, std::string_view name, std::span<char> room,
                   F&& accepts) {
  Parameter parameter;
  while (next_parameter(query, parameter)) {
    if (parameter.value.size() > room.size()) continue;
    if (!query_text_equals(parameter.name, name)) continue;
    if (accepts(decode_query_text(parameter.value, room))) return true;
  }
  return false;
}

}  // namespace weir::traffic
