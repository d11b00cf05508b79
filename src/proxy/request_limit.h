// How many requests one connection may carry, spread, so that clients which came together do not
// reconnect together. Used by the client connections of proxy/.
#pragma once

#include <cstdint>

#include "base/random.h"

namespace weir::proxy {

// `limit` more or less a tenth.
inline std::uint32_t spread_by_a_tenth(std::uint32_t limit, Random& random) {
  if (limit < 10) return limit;
  return limit - limit / 10 + random.below(limit / 5 + 1);
}

}  // namespace weir::proxy
