// The timetable of turns.h: a binary heap by the time of the next turn. Times are computed from the
// number of the turn, never by adding up fractions, so every cycle has exactly as many turns as the
// weights say.
#include "balance/turns.h"

#include <utility>

namespace weir::balance {
namespace {

constexpr std::uint64_t kCycle = std::uint64_t{1} << 32;

}  // namespace

bool Turns::earlier(const Turn& a, const Turn& b) {
  const auto difference = static_cast<std::int64_t>(a.due - b.due);
  return difference != 0 ? difference < 0 : a.index < b.index;
}

std::uint64_t Turns::time_in_cycle(const Turn& turn) {
  return ((std::uint64_t{turn.step} << 32) + turn.offset) / turn.weight;
}

void Turns::advance(Turn& turn) {
  const std::uint64_t cycle = turn.due - time_in_cycle(turn);
  const bool last = ++turn.step == turn.weight;
  if (last) turn.step = 0;
  turn.due = cycle + (last ? kCycle : 0) + time_in_cycle(turn);
}

Turns::Turn Turns::first_of_cycle(const Seat& seat, std::size_t position, std::size_t set_size) {
  Turn turn{.due = 0,
            .position = static_cast<std::uint32_t>(position),
            .index = seat.index,
            .weight = seat.weight,
            .step = 0,
            // 0, 1/n, 2/n …: endpoints of equal weight alternate at equal distances.
            .offset = static_cast<std::uint32_t>(kCycle * seat.index / set_size)};
  turn.due = time_in_cycle(turn);
  return turn;
}

Turns::Turn Turns::next_from_now(const Seat& seat, std::size_t position,
                                 std::size_t set_size) const {
  Turn turn = first_of_cycle(seat, position, set_size);
  const std::uint64_t in_cycle = now_ % kCycle;
  turn.due += now_ - in_cycle;
  // The last step that is not after now, or the first of all; then step by step, once or twice.
  const std::uint64_t reached = in_cycle * seat.weight;
  if (reached > turn.offset) {
    turn.step = static_cast<std::uint32_t>((reached - turn.offset) / kCycle);
    turn.due = now_ - in_cycle + time_in_cycle(turn);
  }
  const auto over = [this](const Turn& t) {
    const auto ahead = static_cast<std::int64_t>(t.due - now_);
    return ahead < 0 || (ahead == 0 && t.index < now_index_);
  };
  while (over(turn)) advance(turn);
  return turn;
}

void Turns::begin_at_random(std::span<const Seat> seats, std::size_t set_size) {
  std::uint64_t sum = 0;
  for (const Seat& seat : seats) sum += seat.weight;
  auto point = static_cast<std::uint64_t>(random_.unit() * static_cast<double>(sum));
  for (std::size_t position = 0; position < seats.size(); ++position) {
    if (point >= seats[position].weight) {
      point -= seats[position].weight;
      continue;
    }
    Turn turn = first_of_cycle(seats[position], position, set_size);
    turn.step = static_cast<std::uint32_t>(point);
    now_ = time_in_cycle(turn);
    now_index_ = turn.index;
    break;
  }
  begun_ = true;
}

void Turns::rebuild(std::span<const Seat> seats, std::size_t set_size) {
  heap_.clear();
  heap_.reserve(set_size);
  if (!begun_ && !seats.empty()) begin_at_random(seats, set_size);
  for (std::size_t position = 0; position < seats.size(); ++position) {
    heap_.push_back(next_from_now(seats[position], position, set_size));
  }
  for (std::size_t at = heap_.size() / 2; at-- > 0;) sift_down(at);
}

std::size_t Turns::next(const PickContext& context) {
  if (heap_.empty()) return kNoEndpoint;
  std::size_t at = 0;
  if (tried(context, heap_.front().index)) {
    // Someone takes a turn ahead of its time; the tried one keeps its own, and the time of day
    // stays.
    at = first_untried(context);
    if (at == kNoEndpoint) return kNoEndpoint;
  } else {
    now_ = heap_.front().due;
    now_index_ = heap_.front().index + 1;
  }
  const std::size_t position = heap_[at].position;
  advance(heap_[at]);
  sift_down(at);
  return position;
}

std::size_t Turns::first_untried(const PickContext& context) const {
  std::size_t best = kNoEndpoint;
  for (std::size_t at = 0; at < heap_.size(); ++at) {
    if (tried(context, heap_[at].index)) continue;
    if (best == kNoEndpoint || earlier(heap_[at], heap_[best])) best = at;
  }
  return best;
}

void Turns::sift_down(std::size_t at) {
  const Turn turn = heap_[at];
  for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
    if (child + 1 < heap_.size() && earlier(heap_[child + 1], heap_[child])) ++child;
    if (!earlier(heap_[child], turn)) break;
    heap_[at] = heap_[child];
    at = child;
  }
  heap_[at] = turn;
}

}  // namespace weir::balance
