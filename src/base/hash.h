// The one 64-bit hash (xxHash64, seeded): balancing keys, split keys, router tables. Stable across
// versions, machines and restarts, because shares and stickiness depend on it: changing it is a
// breaking change.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

// Mixes two hashes into one (order matters).
inline std::uint64_t mix64(std::uint64_t a, std::uint64_t b) {
  std::uint64_t z = a ^ (b + 0x9e3779b97f4a7c15 + (a << 6) + (a >> 2));
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace weir
