// SHA-1 (RFC 3174) and Base64 (RFC 4648) for short texts. SHA-1 protects nothing here: it is a
// checksum that only somebody who speaks WebSocket answers with.
#include "http/websocket.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace weir::http {
namespace {

constexpr std::string_view kWebsocketGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kBlock = 64;
constexpr std::size_t kLengthBytes = 8;

class Sha1 {
 public:
  using Digest = std::array<std::uint8_t, 20>;

  void add(std::string_view text) {
    for (const char c : text) add(static_cast<std::uint8_t>(c));
  }

  Digest finish() {
    const std::uint64_t bits = std::uint64_t{size_} * 8;
    add(std::uint8_t{0x80});
    while (filled_ != kBlock - kLengthBytes) add(std::uint8_t{0});
    for (int shift = 56; shift >= 0; shift -= 8) add(static_cast<std::uint8_t>(bits >> shift));
    Digest digest;
    for (std::size_t i = 0; i < digest.size(); ++i) {
      digest[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
    }
    return digest;
  }

 private:
  void add(std::uint8_t byte) {
    block_[filled_++] = byte;
    ++size_;
    if (filled_ == kBlock) mix();
  }

  std::uint32_t word(std::size_t i) const {
    return std::uint32_t{block_[i]} << 24 | std::uint32_t{block_[i + 1]} << 16 |
           std::uint32_t{block_[i + 2]} << 8 | block_[i + 3];
  }

  void mix() {
    std::array<std::uint32_t, 80> w;
    for (std::size_t t = 0; t < 16; ++t) w[t] = word(4 * t);
    for (std::size_t t = 16; t < w.size(); ++t) {
      w[t] = std::rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    }
    auto [a, b, c, d, e] = state_;
    for (std::size_t t = 0; t < w.size(); ++t) {
      const std::uint32_t next = std::rotl(a, 5) + chosen(t, b, c, d) + e + w[t];
      e = d;
      d = c;
      c = std::rotl(b, 30);
      b = a;
      a = next;
    }
    state_ = {state_[0] + a, state_[1] + b, state_[2] + c, state_[3] + d, state_[4] + e};
    filled_ = 0;
  }

  // RFC 3174 section 5: the function of step t with its constant.
  static std::uint32_t chosen(std::size_t t, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
    if (t < 20) return ((b & c) | (~b & d)) + 0x5a827999;
    if (t < 40) return (b ^ c ^ d) + 0x6ed9eba1;
    if (t < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    return (b ^ c ^ d) + 0xca62c1d6;
  }

  std::array<std::uint32_t, 5> state_ = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                                         0xc3d2e1f0};
  std::array<std::uint8_t, kBlock> block_;
  std::size_t filled_ = 0;
  std::size_t size_ = 0;
};

// Three bytes become four digits; what is left of `text` behind the last is '='.
void write_base64(std::span<const std::uint8_t> bytes, std::span<char> text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t bit = i * 6;
    const std::size_t at = bit / 8;
    const std::uint32_t high = at < bytes.size() ? bytes[at] : 0;
    const std::uint32_t low = at + 1 < bytes.size() ? bytes[at + 1] : 0;
    const char digit = kDigits[(high << 8 | low) >> (10 - bit % 8) & 0x3f];
    text[i] = at < bytes.size() ? digit : '=';
  }
}

}  // namespace

WebsocketAccept websocket_accept(std::string_view key) {
  Sha1 sha;
  sha.add(key);
  sha.add(kWebsocketGuid);
  const Sha1::Digest digest = sha.finish();
  WebsocketAccept accept;
  write_base64(digest, accept.text);
  return accept;
}

WebsocketKey websocket_key(Random& random) {
  std::array<std::uint8_t, 16> bytes;
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(std::uint64_t)) {
    const std::uint64_t word = random.next();
    std::memcpy(bytes.data() + i, &word, sizeof word);
  }
  WebsocketKey key;
  write_base64(bytes, key.text);
  return key;
}

}  // namespace weir::http
