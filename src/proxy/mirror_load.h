// What mirrors hold and have under way, counted over all workers: the bounds that keep a mirror
// from hurting. Relaxed atomics, touched only for requests that are copied; part of the closed list
// of shared mutable state in ARCHITECTURE.md. Owned by the snapshot's plans; the process's budget
// by the supervisor.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/bounded_count.h"

namespace weir::proxy {

// Bytes held, up to a limit that the caller brings.
class alignas(64) ByteBudget {
 public:
  bool hold(std::uint64_t bytes, std::uint64_t limit) { return add_within(held_, bytes, limit); }
  void let_go(std::uint64_t bytes) { held_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::uint64_t held() const { return held_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> held_{0};
};

// One mirror's.
class alignas(64) MirrorLoad {
 public:
  // Counts one more copy under way unless that would exceed `limit`.
  bool begin(std::uint32_t limit) { return add_within(in_flight_, 1U, limit); }
  void end() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }
  std::uint32_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

  ByteBudget bytes;

 private:
  std::atomic<std::uint32_t> in_flight_{0};
};

}  // namespace weir::proxy
