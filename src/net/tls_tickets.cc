// Versioned words, as in traffic/split_weights.h: a reader sees one whole set of keys.
#include "net/tls_tickets.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace weir::net {
namespace {

TicketKey fresh_key() {
  TicketKey key;
  auto* bytes = reinterpret_cast<unsigned char*>(&key);
  if (RAND_priv_bytes(bytes, sizeof key) == 1) return key;
  std::fprintf(stderr, "weir: no random bytes for session tickets\n");
  std::abort();
}

constexpr char kDigits[] = "0123456789abcdef";

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

TicketKeys::TicketKeys() {
  set({fresh_key(), fresh_key()});  // nobody knows the second: no ticket is older than the process
}

TicketKeys::~TicketKeys() {
  set({});
}

void TicketKeys::rotate() {
  Keys keys = all();
  set({fresh_key(), keys[0]});
  OPENSSL_cleanse(&keys, sizeof keys);
}

void TicketKeys::set(const Keys& keys) {
  const auto words = std::bit_cast<std::array<std::uint64_t, kWords>>(keys);
  const std::uint32_t version = version_.load(std::memory_order_relaxed);
  version_.store(version + 1, std::memory_order_relaxed);
  // Release: who sees one of the new words sees the odd version too, and asks again.
  for (std::size_t i = 0; i < kWords; ++i) words_[i].store(words[i], std::memory_order_release);
  version_.store(version + 2, std::memory_order_release);
}

TicketKeys::Keys TicketKeys::all() const {
  std::array<std::uint64_t, kWords> seen;
  for (;;) {
    const std::uint32_t before = version_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < kWords; ++i) seen[i] = words_[i].load(std::memory_order_acquire);
    const std::uint32_t after = version_.load(std::memory_order_relaxed);
    if (before == after && before % 2 == 0) return std::bit_cast<Keys>(seen);
  }
}

bool TicketKeys::find(const unsigned char* name, TicketKey& key, std::size_t& age) const {
  Keys keys = all();
  bool found = false;
  for (std::size_t i = 0; i < kKept && !found; ++i) {
    if (std::memcmp(keys[i].name.data(), name, keys[i].name.size()) != 0) continue;
    key = keys[i];
    age = i;
    found = true;
  }
  OPENSSL_cleanse(&keys, sizeof keys);
  return found;
}

std::string TicketKeys::save() const {
  const auto bytes = std::bit_cast<std::array<unsigned char, sizeof(Keys)>>(all());
  std::string text;
  text.reserve(2 * bytes.size());
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

bool TicketKeys::restore(std::string_view text) {
  std::array<unsigned char, sizeof(Keys)> bytes;
  if (text.size() != 2 * bytes.size()) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<unsigned char>(high * 16 + low);
  }
  set(std::bit_cast<Keys>(bytes));
  return true;
}

}  // namespace weir::net
