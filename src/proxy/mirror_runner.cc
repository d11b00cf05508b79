// Keeps copies for the next request; never destroys one whose frames may be on the stack.
#include "proxy/mirror_runner.h"

#include <utility>

namespace weir::proxy {

MirrorCopy& MirrorRunner::acquire(WorkerContext& context) {
  if (free_.empty()) return *new MirrorCopy(context);  // owned by itself until it is released
  MirrorCopy* copy = free_.back().release();
  free_.pop_back();
  return *copy;
}

void MirrorRunner::release(MirrorCopy& copy) {
  copy.link_.unlink();
  std::unique_ptr<MirrorCopy> owned(&copy);
  if (free_.size() == kKept) {
    copy.retire(std::move(owned));
    return;
  }
  owned->shrink(kKeptBytes);
  free_.push_back(std::move(owned));
}

void MirrorRunner::stop_all() {
  while (!running_.empty()) running_.front().stop();
}

}  // namespace weir::proxy
