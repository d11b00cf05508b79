// A share of a ring of 2^64 points: how splits and mirrors say "so much of the users". Exact for
// every fraction: nothing of 0, all of 1, and a larger share contains a smaller one. Values only.
#pragma once

#include <cstdint>

#include <weir/config.h>

namespace weir::traffic {

// Where a user stands on the ring: a salted hash of the key. As a number in [0, 1) it is
// point / 2^64.
using Point = std::uint64_t;

// A type g++ and clang have; products of a point and a weight fit.
__extension__ using Wide = unsigned __int128;

// point / 2^64 < part / whole: the low end of the ring. `whole` is not 0.
constexpr bool in_low_share(Point point, std::uint64_t part, std::uint64_t whole) {
  return Wide{point} * whole < Wide{part} << 64;
}

// The same share of the other end: what a low share of the rest leaves, so that the two meet only
// when together they exceed the ring. `part` is at most `whole`.
constexpr bool in_high_share(Point point, std::uint64_t part, std::uint64_t whole) {
  return !in_low_share(point, whole - part, whole);
}

// Cut to the digits of a double; rounding would make the last points 1.
constexpr double as_unit(Point point) {
  return static_cast<double>(point >> 11) * 0x1.0p-53;
}

}  // namespace weir::traffic
