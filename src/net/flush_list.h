// What is to be written before the loop waits again, so that everything a turn has to say to a peer
// goes out in one write. The loop runs its list at the end of each turn; tests without a loop run
// their own. It never makes a turn longer than what was asked for.
#pragma once

#include "base/intrusive_list.h"

namespace weir::net {

// Embedded in its owner; destroying it takes it back.
class Flush {
 public:
  using Callback = void (*)(void* owner);
  Flush(Callback callback, void* owner) : callback_(callback), owner_(owner) {}

 private:
  friend class FlushList;
  Link link_;
  Callback callback_;
  void* owner_;
};

class FlushList {
 public:
  // Calls it once, at the end of the turn, never from inside ask(). Asking twice is asking once.
  void ask(Flush& flush) {
    if (!flush.link_.linked()) list_.push_back(flush);
  }
  bool empty() { return list_.empty(); }
  // Calls all, those too that are asked for meanwhile. A callback may destroy its owner.
  void run() {
    while (!list_.empty()) {
      Flush& flush = list_.pop_front();
      flush.callback_(flush.owner_);
    }
  }

 private:
  IntrusiveList<Flush, &Flush::link_> list_;
};

}  // namespace weir::net
