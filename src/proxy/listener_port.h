// A listener as its connections on one worker see it: the plan in force, which a reload exchanges
// under connections that stay open. Owned together by the worker's door and the connections that
// came in by it; on one worker's thread.
#pragma once

#include <memory>

#include "proxy/snapshot.h"

namespace weir::proxy {

struct ListenerPort {
  // Keeps the plan alive. What requests of these connections begin with.
  std::shared_ptr<WorkerSnapshot> snapshot;
  const ListenerPlan* plan = nullptr;
  // The listener is no more: connections end after what they are doing, on the last plan it had.
  bool leaving = false;
};

}  // namespace weir::proxy
