// Calls that are owed but must not happen where it became known: a connect that failed at once,
// what a connection has to say to its peer, which goes out in one write at the end of the loop's
// turn. The loop runs its lists; tests without a loop run their own.
#pragma once

#include "base/intrusive_list.h"

namespace weir::net {

// Embedded in its owner; destroying it takes it back.
class Deferred {
 public:
  using Callback = void (*)(void* owner);
  Deferred(Callback callback, void* owner) : callback_(callback), owner_(owner) {}

 private:
  friend class DeferredList;
  Link link_;
  Callback callback_;
  void* owner_;
};

// A callback may destroy its owner.
class DeferredList {
 public:
  // It is called once, and never from inside ask(). Asking twice is asking once.
  void ask(Deferred& call) {
    if (!call.link_.linked()) list_.push_back(call);
  }
  bool empty() { return list_.empty(); }
  // Calls all, those too that are asked for meanwhile.
  void run() {
    while (!list_.empty()) call_first(list_);
  }
  // Calls those that are there; what they ask for waits, so that input is never starved.
  void run_due() {
    List due;
    while (!list_.empty()) due.push_back(list_.pop_front());
    while (!due.empty()) call_first(due);
  }

 private:
  using List = IntrusiveList<Deferred, &Deferred::link_>;

  static void call_first(List& list) {
    Deferred& call = list.pop_front();
    call.callback_(call.owner_);
  }

  List list_;
};

}  // namespace weir::net
