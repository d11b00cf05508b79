// In what manner a cluster's connections are made: what is said first, over TLS or not, and what is
// spoken then. Pools and health checks ask it, so that both do the same. A value; connections of
// one manner are no use in another.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <weir/config.h>
#include <weir/endpoint.h>

#include "net/connect_setup.h"

namespace weir::upstream {

struct ClusterSetup;

struct Manner {
  config::UpstreamProtocol protocol = config::UpstreamProtocol::http1;
  config::SendProxy proxy_protocol = config::SendProxy::off;
  std::shared_ptr<const net::TlsClientContext> tls;  // null: plain
  std::string server_name;                           // of all endpoints; empty = each its own

  static Manner of(const ClusterSetup& setup);
  bool http2() const { return protocol == config::UpstreamProtocol::http2; }
  std::string_view scheme() const { return tls == nullptr ? "http" : "https"; }
  // Is there nothing to be done but to connect?
  bool plain() const { return proxy_protocol == config::SendProxy::off && tls == nullptr; }
  // `client`: whom the connection speaks for; one without an address is nobody that could be named.
  net::ConnectSetup setup_for(const Endpoint& endpoint, const net::ProxyAddresses& client) const;

  bool operator==(const Manner&) const = default;
};

// The protocol by its name in ALPN (RFC 7301).
std::string_view alpn_of(config::UpstreamProtocol protocol);

// The name by which an endpoint proves itself, unless the file says another: the host that the file
// calls it by, which is a name or an address. Empty for services and unix sockets.
std::string name_for_tls(const Endpoint& endpoint);

}  // namespace weir::upstream
