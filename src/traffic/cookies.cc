// Splitting Cookie fields into pairs, leniently: the space after ';' may be missing, empty pairs
// are passed over.
#include "traffic/cookies.h"

#include "base/ascii.h"

namespace weir::traffic {

bool next_cookie(std::string_view& field_value, Cookie& cookie) {
  while (!field_value.empty()) {
    const std::size_t end = field_value.find(';');
    const std::string_view pair = field_value.substr(0, end);
    field_value.remove_prefix(end == std::string_view::npos ? field_value.size() : end + 1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    cookie.name = ascii::trim(pair.substr(0, equals));
    cookie.value = ascii::trim(pair.substr(equals + 1));
    return true;
  }
  return false;
}

std::optional<std::string_view> find_cookie(const FieldSource* fields, std::string_view name) {
  std::optional<std::string_view> found;
  any_value(fields, "cookie", [&](std::string_view field_value) {
    Cookie cookie;
    while (next_cookie(field_value, cookie)) {
      if (cookie.name != name) continue;
      found = cookie.value;
      return true;
    }
    return false;
  });
  return found;
}

}  // namespace weir::traffic
