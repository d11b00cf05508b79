// Something that an operator changed while the process runs: who, when, from what, to what. Kept by
// LiveSplits and LiveEndpoints, shown by the admin API. A value.
#pragma once

#include <cstdint>
#include <string>

namespace weir::server {

template <class T>
struct Change {
  std::string by;  // as the caller named itself
  std::uint64_t at_wall_ms = 0;
  T from;
  T to;
};

}  // namespace weir::server
