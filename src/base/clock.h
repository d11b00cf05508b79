// Time as a dependency: monotonic nanoseconds for durations, wall milliseconds for what people
// read. Components take a Clock so that tests move time by hand; deadlines are the timer wheel's
// matter, not this one's.
#pragma once

#include <cstdint>

namespace weir {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::uint64_t mono_ns() const = 0;
  virtual std::uint64_t wall_ms() const = 0;  // since the Unix epoch, UTC
  // ... as certificates count it.
  std::int64_t wall_seconds() const { return static_cast<std::int64_t>(wall_ms() / 1000); }
};

class SystemClock final : public Clock {
 public:
  std::uint64_t mono_ns() const override;
  std::uint64_t wall_ms() const override;
};

class ManualClock final : public Clock {
 public:
  std::uint64_t mono_ns() const override { return mono_ns_; }
  std::uint64_t wall_ms() const override { return wall_ms_; }
  void advance_ms(std::uint64_t ms) {
    mono_ns_ += ms * 1'000'000;
    wall_ms_ += ms;
  }

 private:
  std::uint64_t mono_ns_ = 1'000'000'000;
  std::uint64_t wall_ms_ = 1'700'000'000'000;
};

}  // namespace weir
