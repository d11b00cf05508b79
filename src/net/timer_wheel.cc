// The wheel's arithmetic. Time is cut into ticks; the slot of tick t is t modulo kSlots, and
// because an entry is never linked kSlots or more ticks ahead of the last emptied one, a slot holds
// entries of one tick only.
#include "net/timer_wheel.h"

#include <algorithm>
#include <cassert>

namespace weir::net {
namespace {

// The first tick that is not before `deadline`.
TimeMs tick_of(TimeMs deadline) {
  return deadline == 0 ? 0 : (deadline - 1) / TimerWheel::kTickMs + 1;
}

}  // namespace

TimerEntry::~TimerEntry() {
  if (link_.linked()) wheel_->unlink(*this);
}

void TimerWheel::arm(TimerEntry& entry, TimeMs deadline) {
  assert(deadline != kNever);
  entry.deadline_ = deadline;
  if (entry.link_.linked()) {
    if (entry.slot_tick_ <= tick_of(deadline)) return;
    unlink(entry);
  }
  link(entry);
}

void TimerWheel::link(TimerEntry& entry) {
  // Nobody calls advance() while nothing is due, so catch up over the slots known to be empty.
  done_ = std::max(done_, std::min(now_ / kTickMs, next_ - 1));
  const TimeMs tick = std::clamp(tick_of(entry.deadline_), done_ + 1, done_ + kSlots - 1);
  entry.slot_tick_ = tick;
  entry.wheel_ = this;
  slots_[tick % kSlots].push_back(entry);
  ++linked_;
  next_ = std::min(next_, tick);
}

void TimerWheel::unlink(TimerEntry& entry) {
  entry.link_.unlink();
  --linked_;
}

std::size_t TimerWheel::advance(TimeMs now) {
  set_now(now);
  const TimeMs last = now_ / kTickMs;
  // After a long sleep every slot has come up, each once.
  if (last > done_ + kSlots) done_ = last - kSlots;
  std::size_t fired = 0;
  while (done_ < last) {
    ++done_;
    next_ = done_ + 1;
    fired += empty_slot();
  }
  next_ = first_occupied();
  return fired;
}

// Fires or moves on all entries of the slot of tick done_. Callbacks may link, unlink and destroy
// any entry; none can come into this slot meanwhile.
std::size_t TimerWheel::empty_slot() {
  auto& slot = slots_[done_ % kSlots];
  std::size_t fired = 0;
  while (!slot.empty()) {
    TimerEntry& entry = slot.front();
    unlink(entry);
    if (!entry.armed()) continue;
    if (entry.deadline_ > now_) {
      link(entry);
      continue;
    }
    entry.cancel();
    ++fired;
    entry.callback_(entry.owner_);
  }
  return fired;
}

TimeMs TimerWheel::first_occupied() const {
  if (linked_ == 0) return kNever;
  TimeMs tick = done_ + 1;
  while (slots_[tick % kSlots].empty()) ++tick;
  return tick;
}

}  // namespace weir::net
