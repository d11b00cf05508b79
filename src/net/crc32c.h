// CRC-32C (Castagnoli), by table: the checksum a PROXY header may carry. For a few hundred bytes
// once per connection; nothing faster is needed.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir::net {

inline constexpr std::array<std::uint32_t, 256> kCrc32cTable = [] {
  constexpr std::uint32_t kPolynomial = 0x82f63b78;  // reversed
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[i] = crc;
  }
  return table;
}();

inline constexpr std::uint32_t kCrc32cBegin = 0xffffffff;

constexpr std::uint32_t crc32c_add(std::uint32_t crc, std::string_view bytes) {
  for (const char c : bytes)
    crc = crc >> 8 ^ kCrc32cTable[(crc ^ static_cast<std::uint8_t>(c)) & 0xff];
  return crc;
}

constexpr std::uint32_t crc32c_end(std::uint32_t crc) {
  return ~crc;
}

static_assert(crc32c_end(crc32c_add(kCrc32cBegin, "123456789")) == 0xe3069283);

}  // namespace weir::net
