// Making keys, and telling them to a successor.
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
  words_.set(std::bit_cast<std::array<std::uint64_t, kWords>>(keys));
}

TicketKeys::Keys TicketKeys::all() const {
  return std::bit_cast<Keys>(words_.get());
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
