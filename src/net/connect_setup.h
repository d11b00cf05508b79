// Connections that need something done on them before they are of use: a PROXY header, a TLS
// handshake. Over any Connector, so that pools and health checks do it alike, and tests do it in
// memory. On the thread of the connector.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/connector.h"
#include "net/proxy_header.h"
#include "net/timer_wheel.h"
#include "net/tls_client.h"

namespace weir::net {

// What a thread does handshakes with. Both outlive every ticket.
struct SetupTools {
  TimerWheel* wheel = nullptr;
  TlsEngine* engine = nullptr;  // null: there is no TLS
};

struct ConnectSetup {
  std::optional<ProxyHeaderText> header;        // sent before anything else
  std::shared_ptr<const TlsClientContext> tls;  // null: plain
  std::string server_name;                      // of the endpoint, for TLS
  TlsSession* session = nullptr;                // outlives the connection; null: none is kept

  bool plain() const { return !header && tls == nullptr; }
};

// As Connector::connect(), `timeout` is for all of it; on_connected() comes when the setup is done.
// More errors: upstream_certificate and its like, upstream_no_http2, upstream_tls,
// upstream_tls_alert.
std::unique_ptr<ConnectTicket> connect(Connector& connector, const SocketAddress& to,
                                       std::chrono::milliseconds timeout, ConnectSetup setup,
                                       const SetupTools& tools, ConnectEvents& events);

}  // namespace weir::net
