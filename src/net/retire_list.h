// Deferred destruction: an object whose own frames may still be on the stack is retired instead of
// deleted, and is destroyed when the turn of the loop is over. The loop sweeps its list; tests
// without a loop sweep their own.
#pragma once

#include <memory>

#include "base/intrusive_list.h"

namespace weir::net {

class Retirable {
 public:
  virtual ~Retirable() = default;
  Link retire_link_;
};

class RetireList {
 public:
  ~RetireList() { sweep(); }

  // Nothing of `object` may be called any more, except by frames that are on the stack already.
  void retire(std::unique_ptr<Retirable> object) { list_.push_back(*object.release()); }

  bool empty() const { return list_.empty(); }
  // Destroys all; destructors may retire more, which is destroyed too.
  void sweep() {
    while (!list_.empty()) delete &list_.pop_front();
  }

 private:
  IntrusiveList<Retirable, &Retirable::retire_link_> list_;
};

}  // namespace weir::net
