// Times of day as text, against known instants and the C library.
#include "observe/wall_clock.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include "base/random.h"

namespace weir::observe {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(WallClock, SpellsKnownInstants) {
  WallClock clock(951'827'696 * kSecond);  // 2000-02-29T12:34:56Z
  EXPECT_EQ(clock.rfc3339(7'999'999), "2000-02-29T12:34:56.007Z");
  EXPECT_EQ(clock.clf(7'999'999), "29/Feb/2000:12:34:56 +0000");
  EXPECT_EQ(clock.rfc3339(999'999'999), "2000-02-29T12:34:56.999Z");
  EXPECT_EQ(clock.rfc3339(4 * 1'000'000'000ull), "2000-02-29T12:35:00.000Z");
  EXPECT_EQ(clock.rfc3339(0), "2000-02-29T12:34:56.000Z");  // back again: lines are not in order
}

TEST(WallClock, AgreesWithTheCLibrary) {
  Random random(5);
  for (int i = 0; i < 20'000; ++i) {
    const std::time_t second = static_cast<std::time_t>(random.next() % 4'102'444'800);  // to 2100
    std::tm parts{};
    gmtime_r(&second, &parts);
    char expected[64];
    std::strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000Z", &parts);
    WallClock clock(second * kSecond);
    ASSERT_EQ(clock.rfc3339(0), expected);
    std::strftime(expected, sizeof expected, "%d/%b/%Y:%H:%M:%S +0000", &parts);
    ASSERT_EQ(clock.clf(0), expected);
  }
}

TEST(WallClock, FollowsTheMachinesClock) {
  timespec monotonic{};
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  const auto now = static_cast<std::uint64_t>(monotonic.tv_sec * kSecond + monotonic.tv_nsec);
  WallClock clock;
  clock.refresh(now);
  std::tm parts{};
  const std::time_t before = std::time(nullptr) - 2;
  ASSERT_NE(strptime(std::string(clock.rfc3339(now)).c_str(), "%Y-%m-%dT%H:%M:%S", &parts),
            nullptr);
  const std::time_t said = timegm(&parts);
  EXPECT_GE(said, before);
  EXPECT_LE(said, std::time(nullptr) + 2);
}

}  // namespace
}  // namespace weir::observe
