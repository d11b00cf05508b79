// What a TLS handshake came to, in words that need no OpenSSL: handed to whoever waits for it
// (proxy/arrival for clients, upstream connecting for origins). Plain values.
#pragma once

#include <cstdint>
#include <string_view>

#include <weir/tls_version.h>

namespace weir::net {

// Views live as long as the stream.
struct TlsFacts {
  TlsVersion version = TlsVersion::none;
  std::string_view cipher;       // OpenSSL's name of the suite
  std::string_view alpn;         // the protocol agreed on; empty = none
  std::string_view server_name;  // as the client asked for it; empty = it did not
  bool resumed = false;
  bool peer_certificate = false;  // the other side proved one; TlsStream::peer() describes it
};

// Why there is no handshake.
enum class TlsFailureKind : std::uint8_t {
  plain_http,    // a server was spoken to in plain HTTP; the inner stream can be had and answered
  not_tls,       // neither that nor TLS
  no_agreement,  // version, cipher suite or application protocol: nothing in common
  certificate,   // the peer's certificate is missing or was not accepted
  refused,       // the peer sent an alert
  protocol,      // what came is no proper TLS
  closed,        // the peer closed or reset the connection
  timeout,       // it was not done in time
};
inline constexpr std::size_t kTlsFailureKinds = 8;

constexpr std::string_view name_of(TlsFailureKind kind) {
  constexpr std::string_view kNames[kTlsFailureKinds] = {"plain_http",  "not_tls", "no_agreement",
                                                         "certificate", "refused", "protocol",
                                                         "closed",      "timeout"};
  return kNames[static_cast<std::size_t>(kind)];
}

// What is wrong with a peer's certificate.
enum class CertificateFault : std::uint8_t {
  other,
  name,       // it is another's
  time,       // it has expired, or is not valid yet
  authority,  // nobody who is trusted has signed it
};

struct TlsFailure {
  TlsFailureKind kind = TlsFailureKind::closed;
  std::string_view words;                            // static: what the library says of it
  CertificateFault fault = CertificateFault::other;  // for `certificate`
  bool no_protocol = false;                          // the peer knows none of ours (RFC 7301)
  bool silent = false;                               // the peer left without a word
};

}  // namespace weir::net
