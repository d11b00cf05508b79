// A ring of log lines between one worker, which formats into it, and the log writer, which takes
// bytes out. One producer thread, one consumer thread, no lock, no waiting: a line is in it whole
// or not at all, and what finds no room is dropped and counted. Lines are contiguous; where the
// next one does not fit before the end of the memory, the rest of the lap is a gap that the
// consumer steps over.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <weir/limits.h>

namespace weir::observe {

class LogRing {
 public:
  // `capacity` is a power of two. The memory is not touched before it is used.
  explicit LogRing(std::size_t capacity = limits::kLogRingBytes);
  LogRing(const LogRing&) = delete;
  LogRing& operator=(const LogRing&) = delete;

  // Producer: room for `n` contiguous bytes (at most half the capacity), or null, which counts one
  // dropped line.
  char* reserve(std::size_t n);
  // Producer: publishes the first `n` bytes of the last reserve(); a line, its newline included.
  void commit(std::size_t n);

  // Consumer: the next contiguous run of published bytes, empty when there is none; valid until
  // consume().
  std::string_view front();
  // Consumer: gives back the first `n` bytes of front().
  void consume(std::size_t n);

  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }  // any thread
  std::size_t capacity() const { return mask_ + 1; }

 private:
  std::size_t offset(std::uint64_t position) const {
    return static_cast<std::size_t>(position) & mask_;
  }

  // Positions count bytes since the beginning and never wrap; their offset in the memory does.
  const std::size_t mask_;
  const std::unique_ptr<char[]> memory_;

  alignas(64) std::atomic<std::uint64_t> head_{0};  // written by the producer: published up to here
  std::atomic<std::uint64_t> gap_{kNoGap};  // where the newest gap begins; it ends with its lap
  std::atomic<std::uint64_t> dropped_{0};
  std::uint64_t begin_ = 0;       // the producer's own: where the reserved bytes begin
  std::uint64_t known_tail_ = 0;  // the producer's last look at tail_

  alignas(64) std::atomic<std::uint64_t> tail_{0};  // written by the consumer: free up to here

  static constexpr std::uint64_t kNoGap = ~std::uint64_t{0};
};

}  // namespace weir::observe
