// Wall clock times as people and machines read them.
#pragma once

#include <cstdint>
#include <string>

namespace weir::server {

std::string rfc3339(std::uint64_t wall_ms);  // UTC, to the millisecond

}  // namespace weir::server
