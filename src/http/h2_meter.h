// Counts what an HTTP/2 client may send only so much of: one token bucket for each kind of frame,
// in eight bytes. Reads no clock: the time is brought.
#pragma once

#include <algorithm>
#include <cstdint>

#include <weir/limits.h>

namespace weir::http {

// A bucket kept as the time at which it will be full again, in microseconds.
class H2Meter {
 public:
  // So many, or one that counts for as many. False: that was too much.
  bool take(const limits::H2Allowance& allowance, std::uint64_t now_ms, std::uint64_t count = 1) {
    const std::uint64_t now = now_ms * 1000;
    const std::uint64_t each = kSecond / allowance.per_second;
    const std::uint64_t full = std::max(full_at_, now) + each * count;
    if (full - now > each * allowance.burst) return false;
    full_at_ = full;
    return true;
  }
  // Something was done that makes `count` more reasonable.
  void give_back(const limits::H2Allowance& allowance, std::uint64_t count) {
    full_at_ -= std::min(full_at_, count * (kSecond / allowance.per_second));
  }

 private:
  static constexpr std::uint64_t kSecond = 1'000'000;
  std::uint64_t full_at_ = 0;
};

}  // namespace weir::http
