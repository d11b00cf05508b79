// Connections that need something said on them before they are of use: a PROXY header. Over any
// Connector, so that pools and health checks do it alike, and tests do it in memory. On the thread
// of the connector.
#pragma once

#include <memory>
#include <optional>

#include "net/connector.h"
#include "net/proxy_header.h"

namespace weir::net {

struct ConnectSetup {
  std::optional<ProxyHeaderText> header;  // sent before anything else
};

// As Connector::connect(); on_connected() comes when all of the setup is done, connect_failed when
// the other side would not take it.
std::unique_ptr<ConnectTicket> connect(Connector& connector, const SocketAddress& to,
                                       std::chrono::milliseconds timeout, const ConnectSetup& setup,
                                       ConnectEvents& events);

}  // namespace weir::net
