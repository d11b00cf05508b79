// The client's end of TLS, for connections to endpoints: what is demanded of them, and the sessions
// they may resume. A context is made of the text of files by the supervisor, belongs to a cluster's
// setup, and serves all workers; it never changes.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/tls_certificate.h"
#include "net/tls_facts.h"
#include "net/tls_stream.h"

struct ssl_ctx_st;
struct ssl_session_st;

namespace weir::net {

struct TlsClientSettings {
  bool verify = true;       // false: anybody is believed to be the endpoint
  std::string authorities;  // PEM: who may sign endpoints' certificates; empty = the system's
  TlsVersion min_version = TlsVersion::v1_2;
  std::string certificate, key;  // PEM, both or none: for endpoints that ask for one
  std::string alpn;              // the protocol that is to be spoken
  bool operator==(const TlsClientSettings&) const = default;
};

// The last session of an endpoint on one worker, which the next connection resumes. Outlives the
// streams that were made with it.
class TlsSession {
 public:
  TlsSession() = default;
  ~TlsSession() { forget(); }
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  // Before it is used with another context: what that one demands was not asked for.
  void forget();

 private:
  friend class TlsClientContext;
  ssl_session_st* session_ = nullptr;
};

class TlsClientContext {
 public:
  // The words say what is wrong with the settings, and follow the name of the file.
  struct Mistake {
    enum class Part : std::uint8_t { authorities, certificate, key, other };
    Part part = Part::other;
    std::string words;
  };
  static std::expected<std::shared_ptr<const TlsClientContext>, Mistake> make(
      TlsClientSettings settings);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;

  const TlsClientSettings& settings() const { return settings_; }
  // When the client certificate, or one of its chain, expires: seconds since the epoch; 0 = there
  // is none.
  std::int64_t certificate_until() const { return certificate_until_; }

  // For one connection to the endpoint of that name, which its certificate must have: a DNS name,
  // which the endpoint is told (SNI), or an IP address. `session`: what is resumed, and where the
  // new one is kept; null = none. Any thread.
  SslPtr make_ssl(const std::string& server_name, TlsSession* session) const;

 private:
  explicit TlsClientContext(TlsClientSettings settings) : settings_(std::move(settings)) {}
  std::expected<void, Mistake> build();
  std::expected<void, Mistake> trust();
  std::expected<void, Mistake> identify();
  static int keep_session(ssl_st* ssl, ssl_session_st* session);

  const TlsClientSettings settings_;
  ssl_ctx_st* context_ = nullptr;
  std::int64_t certificate_until_ = 0;
};

}  // namespace weir::net
