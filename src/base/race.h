// The exponential race behind weighted rendezvous hashing: each contender draws a lot, its time is
// -ln(lot) / weight, the earliest wins, with probability weight / sum. A contender whose weight
// grows only gets faster, so keys move to it and to nobody else. Used by balance/ and traffic/.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace weir {

// The time of a contender with that lot and 1 / weight. Infinity when it cannot be below `best`:
// -ln(u) >= d + d^2/2 with d = 1 - u, so most need no logarithm to lose.
inline double race_time(std::uint64_t lot, double inverse_weight, double best) {
  const double u = (static_cast<double>(lot >> 11) + 0.5) * 0x1.0p-53;  // in (0, 1)
  const double d = 1.0 - u;
  if ((d + 0.5 * d * d) * inverse_weight >= best) return std::numeric_limits<double>::infinity();
  return -std::log(u) * inverse_weight;
}

}  // namespace weir
