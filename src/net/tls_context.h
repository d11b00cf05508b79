// What a listener's TLS connections on one worker are made from: OpenSSL's contexts, one for each
// set of certificates that names ask for. Made on the supervisor's thread from shared certificates
// with the worker's own library; used on the worker's. Immutable.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/tls_certificate.h"
#include "net/tls_facts.h"
#include "net/tls_library.h"
#include "net/tls_stream.h"
#include "net/tls_tickets.h"

namespace weir::net {

enum class ClientAuth : std::uint8_t { none, optional, require };

struct TlsServerSettings {
  // The first is for clients that name nobody, or nobody known. Several may have the same name, of
  // different kinds: the client's algorithms decide.
  std::vector<std::shared_ptr<const TlsCertificate>> certificates;
  TlsVersion min_version = TlsVersion::v1_2;
  std::string ciphers;            // of TLS 1.2, as OpenSSL lists them; empty = the usual ones
  std::vector<std::string> alpn;  // the server's preference decides
  std::string client_ca;          // PEM: who signs clients' certificates
  ClientAuth client_auth = ClientAuth::none;
  bool tickets = true;
  // Sessions are resumed by contexts of equal identity only.
  std::string identity;

  bool operator==(const TlsServerSettings&) const = default;  // certificates as objects
};

class TlsServerContext {
 public:
  // The words say what OpenSSL did not take; certificates were checked before, so that this is the
  // list of ciphers or a lack of memory. `tickets` outlives nothing: it is shared.
  static std::expected<std::shared_ptr<const TlsServerContext>, std::string> make(
      const TlsServerSettings& settings, std::shared_ptr<TlsLibrary> library,
      std::shared_ptr<const TicketKeys> tickets);
  ~TlsServerContext();
  TlsServerContext(const TlsServerContext&) = delete;
  TlsServerContext& operator=(const TlsServerContext&) = delete;

  SslPtr make_ssl() const;

 private:
  class Builder;
  struct Callbacks;
  struct Site;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Names = std::unordered_map<std::string, const Site*, Hash, std::equal_to<>>;

  TlsServerContext(std::shared_ptr<TlsLibrary> library, std::shared_ptr<const TicketKeys> tickets);
  const Site& site_for(std::string_view name) const;

  std::shared_ptr<TlsLibrary> library_;  // goes last
  std::shared_ptr<const TicketKeys> tickets_;
  struct Primitives;
  std::unique_ptr<Primitives> primitives_;
  std::vector<std::unique_ptr<Site>> sites_;  // the first is the default
  Names names_;                               // "*.example.com" as ".example.com"
  std::string alpn_;                          // length-prefixed, as on the wire
};

}  // namespace weir::net
