// The two sides of the ring. head_ is published with release after the bytes and the gap, tail_
// after the consumer is done with the bytes. One gap_ is enough: a second gap lies a whole lap
// after the first, and the producer finds room for it only when the first has been consumed.
#include "observe/log_ring.h"

#include <bit>
#include <cassert>

namespace weir::observe {

LogRing::LogRing(std::size_t capacity)
    : mask_(capacity - 1), memory_(std::make_unique_for_overwrite<char[]>(capacity)) {
  assert(std::has_single_bit(capacity));
}

char* LogRing::reserve(std::size_t n) {
  assert(n <= capacity() / 2);
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  const std::size_t to_end = capacity() - offset(head);
  begin_ = n <= to_end ? head : head + to_end;
  if (begin_ + n - known_tail_ > capacity()) {
    known_tail_ = tail_.load(std::memory_order_acquire);
    if (begin_ + n - known_tail_ > capacity()) {
      dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return nullptr;
    }
  }
  return memory_.get() + offset(begin_);
}

void LogRing::commit(std::size_t n) {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  if (begin_ != head) gap_.store(head, std::memory_order_relaxed);
  head_.store(begin_ + n, std::memory_order_release);
}

std::string_view LogRing::front() {
  std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  const std::uint64_t head = head_.load(std::memory_order_acquire);
  if (tail == head) return {};
  const std::uint64_t gap = gap_.load(std::memory_order_relaxed);
  if (tail == gap) {
    tail += capacity() - offset(tail);
    tail_.store(tail, std::memory_order_release);
  }
  // The run ends where the published bytes do, with the lap, or at a gap ahead.
  std::uint64_t end = tail + (capacity() - offset(tail));
  if (head < end) end = head;
  if (gap > tail && gap < end) end = gap;
  return {memory_.get() + offset(tail), static_cast<std::size_t>(end - tail)};
}

void LogRing::consume(std::size_t n) {
  tail_.store(tail_.load(std::memory_order_relaxed) + n, std::memory_order_release);
}

}  // namespace weir::observe
