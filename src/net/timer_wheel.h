// Deadlines for thousands of connections at the price of a store each: a wheel of slots in which an
// entry stands once, at or before its deadline; when its slot comes up and the deadline has moved
// on, it is linked again further along. One per worker, driven by the loop's single timer (tests
// drive it by hand); it reads no clock itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/intrusive_list.h"

namespace weir::net {

// Milliseconds of a monotonic clock.
using TimeMs = std::uint64_t;

class TimerWheel;

// Embedded in its owner. The callback runs on the worker's thread, once per set deadline; it may
// set the next deadline, cancel, or destroy the entry's owner.
class TimerEntry {
 public:
  using Callback = void (*)(void* owner);
  TimerEntry(Callback callback, void* owner) : callback_(callback), owner_(owner) {}
  ~TimerEntry();

  bool armed() const { return deadline_ != kNever; }
  TimeMs deadline() const { return deadline_; }
  // Forgets the deadline. The entry may stay linked until its slot comes up; that costs nothing and
  // calls nobody.
  void cancel() { deadline_ = kNever; }

 private:
  friend class TimerWheel;
  static constexpr TimeMs kNever = ~TimeMs{0};  // no deadline

  Link link_;
  TimeMs deadline_ = kNever;
  TimeMs slot_tick_ = 0;         // the tick at which its slot comes up, while linked
  TimerWheel* wheel_ = nullptr;  // where it is linked
  Callback callback_;
  void* owner_;
};

class TimerWheel {
 public:
  static constexpr TimeMs kTickMs =
      16;  // resolution: an entry fires at most this much late, never early
  static constexpr std::size_t kSlots = 1024;
  static constexpr TimeMs kNever = TimerEntry::kNever;

  explicit TimerWheel(TimeMs now) : now_(now), done_(now / kTickMs) {}

  TimeMs now() const { return now_; }
  // Moves the clock without firing; the loop calls it before it hands out events.
  void set_now(TimeMs now) { now_ = now > now_ ? now : now_; }

  // Sets (or moves) the deadline. Moving it later is one store.
  void arm(TimerEntry& entry, TimeMs deadline);
  void arm_in(TimerEntry& entry, TimeMs delay) { arm(entry, now_ + delay); }

  // Fires everything due at `now`; the count of callbacks made.
  std::size_t advance(TimeMs now);

  // Entries linked, armed or not. 0: the loop can stop its timer.
  std::size_t linked() const { return linked_; }
  // When advance() should be called next; perhaps for nothing (an entry was cancelled or put off),
  // never too late. kNever: nothing is linked.
  TimeMs next_due() const { return next_ == kNever ? kNever : next_ * kTickMs; }

 private:
  friend class TimerEntry;

  void link(TimerEntry& entry);
  void unlink(TimerEntry& entry);
  std::size_t empty_slot();
  TimeMs first_occupied() const;

  TimeMs now_;
  TimeMs done_;           // the last tick whose slot has been emptied
  TimeMs next_ = kNever;  // no slot before this tick is occupied
  std::size_t linked_ = 0;
  std::array<IntrusiveList<TimerEntry, &TimerEntry::link_>, kSlots> slots_;
};

}  // namespace weir::net
