// Comparing secrets. Used for the admin token and for testers' overrides.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir {

// The time taken does not tell how much of a guess was right; it may tell its length.
inline bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

}  // namespace weir
