// What keeps retries from becoming a storm: every request to a cluster earns a share of a retry,
// savings are bounded, and a few a second are free so that quiet clusters can retry at all. One per
// worker and cluster; reads no clock (docs/decisions/0012-retry-budget.md).
#pragma once

#include <algorithm>
#include <cstdint>

#include "net/timer_wheel.h"

namespace weir::upstream {

class RetryBudget {
 public:
  static constexpr std::uint32_t kFreePerSecond = 3;
  static constexpr std::uint32_t kSavedRequests = 1000;  // at 20 %: a burst of 200 retries

  // A first attempt was made.
  void earn() { saved_ = std::min(saved_ + 1, kSavedRequests); }

  // Takes one retry at `percent` retries per hundred requests; false when there is none to take.
  bool spend(int percent, net::TimeMs now) {
    if (now >= second_ends_) {
      second_ends_ = now + 1000;
      free_ = kFreePerSecond;
    }
    const std::uint32_t price =
        percent <= 0 ? kSavedRequests + 1 : 100 / static_cast<std::uint32_t>(percent);
    if (saved_ >= price) {
      saved_ -= price;
      return true;
    }
    if (free_ == 0) return false;
    --free_;
    return true;
  }

 private:
  // Requests not yet paid out. Something to begin with: a site that has just started, or has few
  // visitors, shall not answer errors for its one bad origin.
  std::uint32_t saved_ = kSavedRequests / 2;
  std::uint32_t free_ = kFreePerSecond;
  net::TimeMs second_ends_ = 0;
};

}  // namespace weir::upstream
