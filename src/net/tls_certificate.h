// A certificate with its chain, its private key and, perhaps, an OCSP response: read from the text
// of their files and checked against each other. Immutable and shared: each worker's contexts are
// made from one. Made on the supervisor's thread; nothing here touches a file.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct ossl_lib_ctx_st;

namespace weir::net {

enum class KeyKind : std::uint8_t { rsa, ecdsa, ed25519, other };

// Within limits::kCertificateWarning, or expired.
bool expires_soon(std::int64_t not_after, std::int64_t now);

struct TlsCertificate {
  enum class Part : std::uint8_t { chain, key, ocsp };
  struct Mistake {
    Part part;
    std::string words;  // follows the name of the file
  };
  struct Text {
    std::string chain;  // PEM: the certificate, then those that lead to the root
    std::string key;    // PEM, not encrypted
    std::string ocsp;   // DER; empty = none
    bool operator==(const Text&) const = default;
  };

  Text text;
  KeyKind kind = KeyKind::other;
  std::vector<std::string> names;  // DNS names it is for, lower case, "*.": any one label
  std::int64_t not_before = 0;     // seconds since the epoch
  std::int64_t not_after = 0;      // of the chain's certificates, the earliest
  std::int64_t ocsp_until = 0;     // the response is good until then; 0 = it does not say

  bool expired(std::int64_t now) const { return now >= not_after; }
  bool expires_soon(std::int64_t now) const { return net::expires_soon(not_after, now); }

  static std::expected<std::shared_ptr<const TlsCertificate>, Mistake> read(Text text);
};

// How many certificates a PEM file of authorities holds; the words say what is wrong with it.
std::expected<std::size_t, std::string> read_authorities(std::string_view pem);

// "2026-11-27 06:00:00 UTC", for messages.
std::string date_text(std::int64_t seconds);

}  // namespace weir::net
