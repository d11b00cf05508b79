// Decoding and comparing query text, one byte at a time, so that names never need memory.
#include "traffic/query.h"

#include "traffic/escape.h"

namespace weir::traffic {
namespace {

// Takes one decoded byte off the front of `encoded`, which is not empty.
char next_byte(std::string_view& encoded) {
  const char c = encoded.front();
  if (c == '%') {
    const int byte = escaped_byte(encoded, 0);
    if (byte >= 0) {
      encoded.remove_prefix(3);
      return static_cast<char>(byte);
    }
  }
  encoded.remove_prefix(1);
  return c == '+' ? ' ' : c;
}

}  // namespace

bool next_parameter(std::string_view& query, Parameter& parameter) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    parameter.name = pair.substr(0, equals);
    parameter.value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    return true;
  }
  return false;
}

bool query_text_equals(std::string_view encoded, std::string_view plain) {
  if (encoded.size() < plain.size()) return false;
  for (const char c : plain) {
    if (encoded.empty() || next_byte(encoded) != c) return false;
  }
  return encoded.empty();
}

std::string_view decode_query_text(std::string_view encoded, std::span<char> room) {
  // Not find_first_of, which looks at each byte by a call.
  const bool plain =
      encoded.find('%') == std::string_view::npos && encoded.find('+') == std::string_view::npos;
  if (plain) return encoded;
  std::size_t size = 0;
  while (!encoded.empty()) room[size++] = next_byte(encoded);
  return {room.data(), size};
}

std::optional<std::string_view> find_parameter(std::string_view query, std::string_view name,
                                               std::span<char> room) {
  std::optional<std::string_view> found;
  any_parameter(query, name, room, [&](std::string_view value) {
    found = value;
    return true;
  });
  return found;
}

}  // namespace weir::traffic
