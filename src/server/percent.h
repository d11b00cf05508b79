// Percent-escapes (RFC 3986 section 2.1) in the admin API's own URLs: names of routes in paths,
// values in queries. Used by the API and by the commands that call it; never for what is proxied.
#pragma once

#include <string>
#include <string_view>

namespace weir::server {

// All but unreserved characters escaped, so that the text is one segment or one value.
std::string percent_encoded(std::string_view text);
// Broken escapes stand for themselves; '+' is a plus.
std::string percent_decoded(std::string_view text);

}  // namespace weir::server
