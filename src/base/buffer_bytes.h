// Bytes in the buffers that grow with what peers send or do not take: chunks, and heads that are
// larger than usual. One count for the process, written by all workers when such a buffer grows or
// goes; who asks it brings the limit. Relaxed: it orders nothing, and may be a little late.
#pragma once

#include <atomic>
#include <cstdint>

namespace weir {

class alignas(64) BufferBytes {
 public:
  void add(std::uint64_t bytes) { held_.fetch_add(bytes, std::memory_order_relaxed); }
  void take_away(std::uint64_t bytes) { held_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::uint64_t held() const { return held_.load(std::memory_order_relaxed); }
  // How much of `limit` is held; 0 when that is 0, which is no limit.
  std::uint64_t percent_of(std::uint64_t limit) const {
    return limit == 0 ? 0 : held() * 100 / limit;
  }

 private:
  std::atomic<std::uint64_t> held_{0};
};

}  // namespace weir
