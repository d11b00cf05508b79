// What belongs to the process rather than to one configuration, and every snapshot shares: weights
// in force, what names stand for, the budget of all mirrors, what buffers hold. Owned by the
// supervisor.
#pragma once

#include <memory>

#include "base/buffer_bytes.h"
#include "proxy/mirror_load.h"
#include "server/endpoint_names.h"
#include "server/live_endpoints.h"
#include "server/live_splits.h"

namespace weir::server {

struct LiveState {
  LiveSplits splits;
  LiveEndpoints endpoints;
  std::shared_ptr<KnownNames> names = std::make_shared<KnownNames>();
  std::shared_ptr<BufferBytes> buffer_bytes = std::make_shared<BufferBytes>();
  std::shared_ptr<proxy::ByteBudget> mirror_bytes = std::make_shared<proxy::ByteBudget>();
};

}  // namespace weir::server
