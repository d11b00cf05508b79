// RFC 3339 times for the admin API.
#include "server/wall_time.h"

#include <fmt/core.h>

#include <ctime>

namespace weir::server {

std::string rfc3339(std::uint64_t wall_ms) {
  const auto seconds = static_cast<std::time_t>(wall_ms / 1000);
  std::tm t{};
  gmtime_r(&seconds, &t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", t.tm_year + 1900, t.tm_mon + 1,
                     t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, wall_ms % 1000);
}

}  // namespace weir::server
