// Cookies of a request, read straight from its Cookie fields (RFC 6265 section 5.4). For split keys
// and overrides. Nothing is decoded or unquoted: a cookie's value is the bytes the server once set.
#pragma once

#include <optional>
#include <string_view>

#include "traffic/request_view.h"

namespace weir::traffic {

// Takes the next name=value pair off a Cookie field's value; pairs without '=' are passed over.
// False at the end.
struct Cookie {
  std::string_view name;  // case matters
  std::string_view value;
};
bool next_cookie(std::string_view& field_value, Cookie& cookie);

// The value of the first cookie of that name over all Cookie fields; clients send the most specific
// path first.
std::optional<std::string_view> find_cookie(const FieldSource* fields, std::string_view name);

}  // namespace weir::traffic
