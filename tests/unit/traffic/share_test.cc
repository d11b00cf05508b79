// Shares of the ring are exact to the point: nothing of 0, all of 1, no point beyond the fraction,
// and the two ends never meet while they fit the ring.
#include "traffic/share.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "base/random.h"

namespace weir::traffic {
namespace {

constexpr Point kLast = std::numeric_limits<Point>::max();
constexpr auto kWholes = std::to_array<std::uint64_t>(
    {1, 2, 3, 7, 100, 10'000, 999'983, 1'000'000, 2'000'000, 16'000'000, kLast});

// Where the arithmetic could be off by one: the ends of the ring and of the share.
std::array<Point, 8> edges(std::uint64_t part, std::uint64_t whole) {
  const auto at = static_cast<Point>((Wide{part} << 64) / whole);
  return {0, 1, at - 2, at - 1, at, at + 1, kLast - 1, kLast};
}

TEST(Share, NothingOfZeroAndAllOfOne) {
  for (const std::uint64_t whole : kWholes) {
    for (const Point point : {Point{0}, Point{1}, Point{1} << 63, kLast - 1, kLast}) {
      EXPECT_FALSE(in_low_share(point, 0, whole)) << point << " of " << whole;
      EXPECT_FALSE(in_high_share(point, 0, whole)) << point << " of " << whole;
      EXPECT_TRUE(in_low_share(point, whole, whole)) << point << " of " << whole;
      EXPECT_TRUE(in_high_share(point, whole, whole)) << point << " of " << whole;
    }
  }
}

TEST(Share, EndsAtTheVeryPoint) {
  struct Row {
    std::uint64_t part, whole;
    Point last;  // of the low share: the greatest point below 2^64 * part / whole
  };
  constexpr Row kRows[] = {
      {1, 2, 0x7fffffffffffffff},
      {1, 4, 0x3fffffffffffffff},
      {50, 200, 0x3fffffffffffffff},
      {1, 3, 0x5555555555555555},
      {2, 3, 0xaaaaaaaaaaaaaaaa},
      {1, 10'000, 1'844'674'407'370'955},
      {1, 1'000'000, 18'446'744'073'709},
      {999'999, 1'000'000, 18'446'725'626'965'477'906U},
      {1, kLast, 1},  // 2^64 / (2^64 - 1) is just above 1
  };
  for (const Row& row : kRows) {
    EXPECT_TRUE(in_low_share(row.last, row.part, row.whole)) << row.part << "/" << row.whole;
    EXPECT_FALSE(in_low_share(row.last + 1, row.part, row.whole)) << row.part << "/" << row.whole;
  }
}

TEST(Share, ALargerOneContainsASmallerOne) {
  Random random(1);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t whole = 1 + random.below(2'000'000);
    const std::uint64_t part = random.below(static_cast<std::uint32_t>(whole) + 1);
    const std::uint64_t more = part + random.below(static_cast<std::uint32_t>(whole - part) + 1);
    for (const Point point : edges(part, whole)) {
      if (in_low_share(point, part, whole)) {
        ASSERT_TRUE(in_low_share(point, more, whole));
      }
      if (in_high_share(point, part, whole)) {
        ASSERT_TRUE(in_high_share(point, more, whole));
      }
    }
  }
}

TEST(Share, BothEndsOfFractionsThatMakeOneTakeEveryPointOnce) {
  EXPECT_TRUE(in_low_share(0x5555555555555555, 1, 3));
  EXPECT_FALSE(in_high_share(0x5555555555555555, 2, 3));
  for (const std::uint64_t whole : kWholes) {
    for (const std::uint64_t part : {whole / 3, whole / 2, whole - 1}) {
      for (const Point point : edges(part, whole)) {
        ASSERT_NE(in_low_share(point, part, whole), in_high_share(point, whole - part, whole))
            << point << ": " << part << "/" << whole;
      }
    }
  }
}

TEST(Share, AsANumberAPointIsBelowOne) {
  EXPECT_EQ(as_unit(0), 0.0);
  EXPECT_EQ(as_unit(Point{1} << 63), 0.5);
  EXPECT_LT(as_unit(kLast), 1.0);
}

}  // namespace
}  // namespace weir::traffic
