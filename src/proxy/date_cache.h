// The Date field's text (RFC 9110 section 6.6.1), made once a second per worker and borrowed by
// every answer of that second.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "http/date.h"
#include "net/timer_wheel.h"

namespace weir::proxy {

class DateCache {
 public:
  // `now` is the loop's time: it tells for nothing when the text is old. Valid until the next call.
  std::string_view text(const Clock& clock, net::TimeMs now) {
    if (now >= stale_at_) {
      const std::uint64_t wall_ms = clock.wall_ms();
      http::format_date(static_cast<std::int64_t>(wall_ms / 1000), text_);
      stale_at_ = now + 1000 - wall_ms % 1000;
    }
    return {text_.data(), text_.size()};
  }

 private:
  http::DateText text_{};
  net::TimeMs stale_at_ = 0;
};

}  // namespace weir::proxy
