// Where the next byte of a log line goes. The room was measured before (json_line_bound,
// combined_line_bound), so that nothing here looks at an end: the two formats call it on the data
// path, and it never allocates.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <weir/address.h>
#include <weir/limits.h>

namespace weir::observe {

class LineCursor {
 public:
  explicit LineCursor(char* out) : at(out) {}

  void text(std::string_view bytes) {
    std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
  }
  template <std::size_t N>
  void literal(const char (&bytes)[N]) {
    std::memcpy(at, bytes, N - 1);  // of a constant size: a few moves
    at += N - 1;
  }
  void number(std::uint64_t value) { at = std::to_chars(at, at + kNumber, value).ptr; }
  // Nanoseconds as milliseconds with three decimals, cut, not rounded: the parts never exceed the
  // whole.
  void milliseconds(std::uint64_t nanoseconds) {
    const std::uint64_t micros = nanoseconds / 1000;
    number(micros / 1000);
    *at++ = '.';
    digit_triple(static_cast<unsigned>(micros % 1000));
  }
  void digit_triple(unsigned value) {
    *at++ = static_cast<char>('0' + value / 100);
    *at++ = static_cast<char>('0' + value / 10 % 10);
    *at++ = static_cast<char>('0' + value % 10);
  }
  void ip(const IpAddress& ip) {
    if (!ip.is_v4()) {
      at += format_ip(ip, at).size();
      return;
    }
    for (std::size_t i = 12; i < 16; ++i) {
      number(ip.bytes[i]);
      *at++ = '.';
    }
    --at;
  }

  static constexpr std::size_t kNumber = 20;  // digits of the largest 64-bit number

  char* at;
};

// A value as long as a line shows it; a cut never leaves half a UTF-8 sequence behind.
constexpr std::string_view cut_value(std::string_view value) {
  if (value.size() <= limits::kLogValueBytes) return value;
  std::size_t length = limits::kLogValueBytes;
  while (length > limits::kLogValueBytes - 3 &&
         (static_cast<unsigned char>(value[length]) & 0xc0) == 0x80) {
    --length;
  }
  return value.substr(0, length);
}

}  // namespace weir::observe
