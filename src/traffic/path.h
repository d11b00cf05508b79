// Request paths: the prefix rule of routes, and normalisation. A route with normalize_path is
// matched, redirected and forwarded by the normalised path; any other by the path as received:
// never by one and forwarded by the other (CVE-2019-9901, CVE-2021-29492). Pure functions on the
// request's thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/buffer.h"

namespace weir::traffic {

// Does `path` lie under `prefix`? "/api" takes /api and /api/x, not /apix; a prefix that ends in
// '/' is taken literally: "/api/" takes /api/ and /api/x, not /api. "/" and "" take every path, "*"
// too.
bool path_has_prefix(std::string_view path, std::string_view prefix);

// The path with repeated slashes merged, escapes of unreserved characters decoded, other escapes in
// upper case (RFC 3986 section 6.2.2), and then dot segments removed (section 5.2.4; ".." at the
// root is dropped). An escaped slash, like every reserved character, stays escaped. Applying it
// twice changes nothing, and it never makes a path longer. The result is `path` itself when that is
// normal already, else a view into `out`, which is overwritten. Nothing when the path is not to be
// trusted: it does not begin with '/' (except "*"), an escape is broken, or it holds an escaped
// NUL.
std::optional<std::string_view> normalize_path(std::string_view path, Buffer& out);

}  // namespace weir::traffic
