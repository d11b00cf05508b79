// Civil time from <chrono>, spelled digit by digit: strftime would look at locales and time zones.
#include "observe/wall_clock.h"

#include <chrono>
#include <cstring>
#include <ctime>

namespace weir::observe {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

std::int64_t nanoseconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

void put_digits(char* at, int width, std::int64_t value) {
  for (int i = width - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

void WallClock::measure(std::uint64_t now) {
  offset_ = nanoseconds_of(CLOCK_REALTIME) - nanoseconds_of(CLOCK_MONOTONIC);
  refresh_at_ = now + kSecond;
}

void WallClock::spell(std::int64_t second) {
  namespace chrono = std::chrono;
  const chrono::sys_seconds time{chrono::seconds(second)};
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date{day};
  const auto clock = time - day;
  const std::int64_t hour = clock / chrono::hours(1);
  const std::int64_t minute = clock / chrono::minutes(1) % 60;
  const auto month = static_cast<unsigned>(date.month());

  std::memcpy(rfc3339_, "0000-00-00T00:00:00.000Z", kRfc3339);
  put_digits(rfc3339_, 4, static_cast<int>(date.year()));
  put_digits(rfc3339_ + 5, 2, month);
  put_digits(rfc3339_ + 8, 2, static_cast<unsigned>(date.day()));
  put_digits(rfc3339_ + 11, 2, hour);
  put_digits(rfc3339_ + 14, 2, minute);
  put_digits(rfc3339_ + 17, 2, clock.count() % 60);

  std::memcpy(clf_, "00/Jan/0000:00:00:00 +0000", kClf);
  put_digits(clf_, 2, static_cast<unsigned>(date.day()));
  std::memcpy(clf_ + 3, &"JanFebMarAprMayJunJulAugSepOctNovDec"[(month - 1) * 3], 3);
  put_digits(clf_ + 7, 4, static_cast<int>(date.year()));
  std::memcpy(clf_ + 12, rfc3339_ + 11, 8);
  second_ = second;
}

std::int64_t WallClock::bring_up_to(std::uint64_t monotonic) {
  const std::int64_t time = (static_cast<std::int64_t>(monotonic) + offset_) / 1'000'000;
  if (time / 1000 != second_) spell(time / 1000);
  return time;
}

std::string_view WallClock::rfc3339(std::uint64_t monotonic) {
  put_digits(rfc3339_ + 20, 3, bring_up_to(monotonic) % 1000);
  return {rfc3339_, kRfc3339};
}

std::string_view WallClock::clf(std::uint64_t monotonic) {
  bring_up_to(monotonic);
  return {clf_, kClf};
}

}  // namespace weir::observe
