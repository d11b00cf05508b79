// Turns the monotonic nanoseconds of an exchange into times of day, as text. Each worker's log has
// one: the text of the last second is kept, and the offset between the two clocks is measured once
// a second, so that a log line costs no system call and follows the machine's clock when that is
// set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::observe {

class WallClock {
 public:
  WallClock() = default;
  // Tests: real time is always the monotonic time plus this many nanoseconds.
  explicit WallClock(std::int64_t offset) : offset_(offset), refresh_at_(~std::uint64_t{0}) {}

  // `now` is a recent monotonic time, at hand anyway: when it is a second later than at the last
  // look at the clocks, they are looked at again.
  void refresh(std::uint64_t now) {
    if (now >= refresh_at_) measure(now);
  }

  // 2026-01-31T23:59:59.123Z (RFC 3339, UTC); valid until the next call. `monotonic` counts
  // nanoseconds.
  std::string_view rfc3339(std::uint64_t monotonic);
  // 31/Jan/2026:23:59:59 +0000, as the combined format has it; valid until the next call.
  std::string_view clf(std::uint64_t monotonic);

 private:
  static constexpr std::size_t kRfc3339 = 24;
  static constexpr std::size_t kClf = 26;

  void measure(std::uint64_t now);
  // The time of day in milliseconds; brings the texts up to its second.
  std::int64_t bring_up_to(std::uint64_t monotonic);
  void spell(std::int64_t second);

  std::int64_t offset_ = 0;
  std::uint64_t refresh_at_ = 0;
  std::int64_t second_ = -1;
  char rfc3339_[kRfc3339];
  char clf_[kClf];
};

}  // namespace weir::observe
