// Hears signals on a loop instead of in a signal's own restricted world. The supervisor watches
// SIGHUP, SIGTERM and the rest with one SignalWatch each.
#pragma once

namespace weir::net {

class Loop;

// Calls `heard(owner)` on the loop's thread for each delivery of `signum`; deliveries close
// together may be one call. Destroying it ends watching and gives the signal its default action
// back; allowed inside the call.
class SignalWatch {
 public:
  SignalWatch(Loop& loop, int signum, void (*heard)(void* owner), void* owner);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  struct Block;
  Block* block_;
};

}  // namespace weir::net
