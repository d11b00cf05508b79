// Dates as HTTP writes them (IMF-fixdate, RFC 9110 section 5.6.7). No locale, no allocation, no
// clock: callers bring the time, usually once a second per worker.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir::http {

inline constexpr std::size_t kDateBytes = 29;
using DateText = std::array<char, kDateBytes>;

// Writes "Sun, 06 Nov 1994 08:49:37 GMT" for seconds since 1970-01-01 UTC into `out` and returns
// the view of it. Years 0 to 9999.
std::string_view format_date(std::int64_t unix_seconds, DateText& out);

}  // namespace weir::http
