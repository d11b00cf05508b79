// The keys of session tickets: tickets are stateless, so whoever has the keys resumes the session,
// whichever worker or process issued it. Written by the supervisor's thread alone, read by every
// worker at handshakes; belongs to the closed list of shared mutable state in ARCHITECTURE.md.
//
// A key encrypts for limits::kTicketKeyLife and decrypts for as long again; then it is gone, and
// with it what it could have betrayed of recorded connections (TLS 1.2, where a ticket's key opens
// the session).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/versioned_words.h"

namespace weir::net {

struct TicketKey {
  std::array<unsigned char, 16> name{};
  std::array<unsigned char, 32> cipher{};  // AES-256-CBC
  std::array<unsigned char, 32> mac{};     // HMAC-SHA-256
  bool operator==(const TicketKey&) const = default;
};
static_assert(sizeof(TicketKey) == 80);

class alignas(64) TicketKeys {
 public:
  static constexpr std::size_t kKept = 2;  // the one in use, and the one before

  // With a fresh key.
  TicketKeys();
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  // A fresh key is used from now on. Supervisor.
  void rotate();
  // All keys as text, for a successor's memory only, and back. False: that is no such text, and
  // nothing has changed. Supervisor.
  std::string save() const;
  bool restore(std::string_view text);

  // Any thread.
  TicketKey current() const { return all()[0]; }
  // The key of that name; its age is 0 for the one in use. False: unknown, or too old.
  bool find(const unsigned char* name, TicketKey& key, std::size_t& age) const;

 private:
  using Keys = std::array<TicketKey, kKept>;
  static constexpr std::size_t kWords = sizeof(Keys) / sizeof(std::uint64_t);

  Keys all() const;
  void set(const Keys& keys);

  VersionedWords<std::uint64_t, kWords> words_;
};

}  // namespace weir::net
