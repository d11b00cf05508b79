// Counts that all threads share and that must not exceed a limit: connections, requests, copies,
// bytes. A count may be above its limit for a moment, never for whoever was let in. Relaxed: a
// limit orders nothing else.
#pragma once

#include <atomic>

namespace weir {

// Adds `by` unless that would exceed `limit`; true if it did.
template <class T>
bool add_within(std::atomic<T>& count, T by, T limit) {
  if (count.fetch_add(by, std::memory_order_relaxed) + by <= limit) return true;
  count.fetch_sub(by, std::memory_order_relaxed);
  return false;
}

}  // namespace weir
