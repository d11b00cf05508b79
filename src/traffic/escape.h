// Percent-escapes (RFC 3986 section 2.1), shared by paths and queries. Constants and inline
// functions only.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/ascii.h"

namespace weir::traffic {

inline constexpr std::string_view kUpperHex = "0123456789ABCDEF";

// The value of a hexadecimal digit, -1 when it is none.
constexpr int hex_value(char c) {
  if (ascii::is_digit(c)) return c - '0';
  const char l = ascii::lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// The byte of the escape at text[at] == '%', -1 when no two hexadecimal digits follow.
constexpr int escaped_byte(std::string_view text, std::size_t at) {
  if (text.size() - at < 3) return -1;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

constexpr bool is_unreserved(int byte) {
  const char c = static_cast<char>(byte);
  return ascii::is_alpha(c) || ascii::is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace weir::traffic
