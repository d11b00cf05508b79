// Well-formed UTF-8 (Unicode 15, table 3-7): what JSON lines and metric labels may carry. Used by
// json_line and exposition on bytes that clients chose; it never reads beyond the end it is given
// and never repairs anything.
#pragma once

#include <cstddef>

namespace weir::observe {

namespace utf8_detail {
constexpr bool between(char c, unsigned low, unsigned high) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= low && byte <= high;
}
}  // namespace utf8_detail

// The length (1 to 4) of the well-formed sequence at `at`, 0 when the bytes there are none. `at` is
// before `end`. Overlong forms, surrogates and code points beyond U+10FFFF are not well-formed.
constexpr std::size_t utf8_sequence(const char* at, const char* end) {
  using utf8_detail::between;
  const auto lead = static_cast<unsigned char>(*at);
  if (lead < 0x80) return 1;
  const auto left = end - at;
  if (left < 2) return 0;
  if (lead >= 0xc2 && lead <= 0xdf) return between(at[1], 0x80, 0xbf) ? 2 : 0;
  if (left < 3 || !between(at[2], 0x80, 0xbf)) return 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : 0xbf;
    return between(at[1], low, high) ? 3 : 0;
  }
  if (left < 4 || lead < 0xf0 || lead > 0xf4 || !between(at[3], 0x80, 0xbf)) return 0;
  return between(at[1], lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) ? 4 : 0;
}

}  // namespace weir::observe
