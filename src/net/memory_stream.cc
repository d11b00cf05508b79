// The wire as two sides and two flows. A step changes the state first and calls the observer last,
// because the observer may write, pause or destroy its stream.
#include "net/memory_stream.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include <weir/limits.h>

#include "base/random.h"

namespace weir::net {

FaultPlan FaultPlan::random(std::uint64_t seed, std::size_t length) {
  Random random(seed);
  const std::uint32_t kind = random.below(3);
  const std::size_t place = length == 0 ? 0 : random.below(static_cast<std::uint32_t>(length));
  FaultPlan plan;
  if (kind == 0) plan.window = place + 1;
  if (kind == 1) plan.reset_at = place;
  if (kind == 2) plan.end_at = place;
  return plan;
}

struct MemoryWire::State {
  // One end: its stream's situation and what it sends.
  struct Side {
    StreamEvents* events = nullptr;
    bool taken = false;
    bool open = false;
    bool paused = false;
    bool finishing = false;
    bool aborting = false;
    bool writes_fail = false;
    bool above_high = false;
    bool owes_drained = false;
    bool end_told = false;
    bool reset_told = false;

    FaultPlan plan;
    std::string pending;     // written, not yet on the way
    std::string on_the_way;  // to the other side
    std::size_t delivered = 0;
    bool fin = false;    // the end follows
    bool reset = false;  // a reset follows
  };
  Side sides[2];

  Side& at(End end) { return sides[static_cast<std::size_t>(end)]; }
  Side& opposite(End end) { return sides[1 - static_cast<std::size_t>(end)]; }

  static void move_on(Side& from);
  static std::size_t room(const Side& from, std::size_t piece);
  bool tell_bytes(Side& to, Side& from, std::size_t piece);
  bool tell_end(Side& to, Side& from);
  bool tell_drained(Side& to);
  static bool swallow(Side& from, Side& closed);
};

// Pending bytes go on the way as the window allows.
void MemoryWire::State::move_on(Side& from) {
  const std::size_t free = from.plan.window - std::min(from.plan.window, from.on_the_way.size());
  const std::size_t n = std::min(free, from.pending.size());
  from.on_the_way.append(from.pending, 0, n);
  from.pending.erase(0, n);
  if (from.finishing && from.pending.empty()) from.fin = true;
  if (n == 0) return;
  const bool low = from.above_high && from.pending.size() <= limits::kLowWatermark;
  if (from.pending.empty() || low) from.owes_drained = true;
}

// How many bytes may be delivered before the next planned fault.
std::size_t MemoryWire::State::room(const Side& from, std::size_t piece) {
  const std::size_t fault = std::min(from.plan.reset_at, from.plan.end_at);
  return std::min({piece, from.on_the_way.size(), fault - from.delivered});
}

bool MemoryWire::State::tell_bytes(Side& to, Side& from, std::size_t piece) {
  const std::size_t n = room(from, piece);
  if (n == 0) return false;
  const std::string bytes = from.on_the_way.substr(0, n);
  from.on_the_way.erase(0, n);
  from.delivered += n;
  move_on(from);
  to.events->on_read(bytes);
  return true;
}

bool MemoryWire::State::tell_end(Side& to, Side& from) {
  const bool planned_reset = from.delivered == from.plan.reset_at;
  if (planned_reset || (from.reset && from.on_the_way.empty())) {
    if (planned_reset) to.reset = true;
    to.reset_told = to.writes_fail = true;
    to.pending.clear();
    to.events->on_reset({Errc::system, ECONNRESET});
    return true;
  }
  const bool planned_end = from.delivered == from.plan.end_at;
  if (to.end_told || !(planned_end || (from.fin && from.on_the_way.empty()))) return false;
  to.end_told = true;
  to.events->on_end();
  return true;
}

bool MemoryWire::State::tell_drained(Side& to) {
  if (!std::exchange(to.owes_drained, false)) return false;
  const bool low = to.above_high && to.pending.size() <= limits::kLowWatermark;
  if (!to.pending.empty() && !low) return false;  // written more meanwhile
  to.above_high = false;
  to.events->on_drained();
  return true;
}

// Bytes for an end that is gone vanish, and their sender learns of a reset.
bool MemoryWire::State::swallow(Side& from, Side& closed) {
  if (from.on_the_way.empty() && from.pending.empty()) return false;
  from.on_the_way.clear();
  from.pending.clear();
  closed.reset = true;
  return true;
}

class MemoryWire::EndStream final : public Stream {
 public:
  EndStream(std::shared_ptr<State> state, End end)
      : state_(std::move(state)), side_(state_->at(end)) {
    side_.taken = side_.open = true;
  }
  ~EndStream() override {
    side_.open = false;
    side_.events = nullptr;
    side_.pending.clear();
    (side_.aborting ? side_.reset : side_.fin) = true;
  }

  void start(StreamEvents& events) override { side_.events = &events; }

  using Stream::write;
  bool write(std::span<const std::string_view> parts) override {
    assert(parts.size() <= kMaxParts);
    assert(!side_.finishing);
    if (side_.writes_fail) return false;
    for (std::string_view part : parts) side_.pending.append(part);
    const bool owed = side_.owes_drained;
    State::move_on(side_);
    side_.owes_drained = owed;  // what a write moves itself is not a drain
    if (side_.pending.size() > limits::kHighWatermark) side_.above_high = true;
    return true;
  }
  std::size_t pending_bytes() const override { return side_.pending.size(); }
  void pause_reading() override { side_.paused = true; }
  void resume_reading() override { side_.paused = false; }
  void finish_writing() override {
    side_.finishing = true;
    State::move_on(side_);
  }
  void abort_on_close() override { side_.aborting = true; }

 private:
  std::shared_ptr<State> state_;
  State::Side& side_;
};

MemoryWire::MemoryWire(FaultPlan left_to_right, FaultPlan right_to_left)
    : state_(std::make_shared<State>()) {
  state_->at(End::left).plan = left_to_right;
  state_->at(End::right).plan = right_to_left;
}

StreamPtr MemoryWire::take(End end) {
  assert(!state_->at(end).taken);
  return std::make_unique<EndStream>(state_, end);
}

bool MemoryWire::step(End to, std::size_t piece) {
  const std::shared_ptr<State> state = state_;  // the observer may drop everything else
  State::Side& side = state->at(to);
  State::Side& from = state->opposite(to);
  if (side.taken && !side.open) return State::swallow(from, side);
  if (side.events == nullptr || side.reset_told) return false;
  if (!side.paused && !side.end_told && state->tell_bytes(side, from, piece)) return true;
  if (!side.paused && state->tell_end(side, from)) return true;
  return state->tell_drained(side);
}

std::size_t MemoryWire::deliver(std::size_t piece) {
  std::size_t steps = 0;
  for (bool moved = true; moved;) {
    moved = false;
    for (End end : {End::left, End::right}) {
      if (!step(end, piece)) continue;
      moved = true;
      ++steps;
    }
  }
  return steps;
}

void MemoryWire::fail_writes(End end) {
  state_->at(end).writes_fail = true;
}

bool MemoryWire::is_open(End end) const {
  return state_->at(end).open;
}

bool MemoryWire::is_reading(End end) const {
  return state_->at(end).events != nullptr && !state_->at(end).paused;
}

bool MemoryWire::was_aborted(End end) const {
  return !state_->at(end).open && state_->at(end).aborting;
}

bool MemoryWire::has_finished(End end) const {
  return state_->at(end).finishing;
}

std::size_t MemoryWire::on_the_way_to(End end) const {
  return state_->opposite(end).on_the_way.size();
}

}  // namespace weir::net
