// What belongs to the process rather than to one configuration, and every snapshot shares: weights
// in force, what names stand for, the budget of all mirrors, what buffers hold, the keys of session
// tickets. Owned by the supervisor.
#pragma once

#include <memory>
#include <vector>

#include "base/buffer_bytes.h"
#include "net/tls_library.h"
#include "net/tls_tickets.h"
#include "proxy/mirror_load.h"
#include "server/endpoint_names.h"
#include "server/live_endpoints.h"
#include "server/live_splits.h"

namespace weir::server {

struct LiveTls {
  std::vector<std::shared_ptr<net::TlsLibrary>> libraries;  // by worker
  std::shared_ptr<net::TicketKeys> tickets = std::make_shared<net::TicketKeys>();
};

struct LiveState {
  LiveSplits splits;
  LiveEndpoints endpoints;
  std::shared_ptr<KnownNames> names = std::make_shared<KnownNames>();
  std::shared_ptr<BufferBytes> buffer_bytes = std::make_shared<BufferBytes>();
  std::shared_ptr<proxy::ByteBudget> mirror_bytes = std::make_shared<proxy::ByteBudget>();
  LiveTls tls;
};

}  // namespace weir::server
