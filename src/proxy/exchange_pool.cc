// Keeps working parts of connections for the next request. Never destroys one whose frames may be
// on the stack.
#include "proxy/exchange_pool.h"

#include <utility>

namespace weir::proxy {

std::unique_ptr<ActiveRequest> ExchangePool::acquire(WorkerContext& context) {
  if (free_.empty()) return std::make_unique<ActiveRequest>(context);
  std::unique_ptr<ActiveRequest> active = std::move(free_.back());
  free_.pop_back();
  return active;
}

void ExchangePool::release(WorkerContext& context, std::unique_ptr<ActiveRequest> active) {
  active->exchange.shrink();
  if (free_.size() == kKept) {
    context.retired.retire(std::move(active));
    return;
  }
  free_.push_back(std::move(active));
}

}  // namespace weir::proxy
