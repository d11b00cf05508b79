// Where keys stand on the ring is the same everywhere and for ever, because users would change
// sides: golden values, splits built separately, and no relation between two splits or with the
// balancing inside a cluster.
#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "base/hash.h"
#include "traffic/share.h"
#include "traffic/split.h"
#include "unit/traffic/fake_split.h"

namespace weir::traffic {
namespace {

constexpr std::size_t kUsers = 1'000'000;

Point point_of(std::string_view salt, std::string_view key) {
  const config::Split settings = split_of({1, 1});
  return Split(settings, salt).point_of(key);
}

// xxHash64 of the key, seeded with the unseeded xxHash64 of the salt. Another value here moves the
// users of every installation: a breaking change.
TEST(SplitPoints, AreTheSameInEveryVersion) {
  EXPECT_EQ(point_of("shop", "user-1"), 0x3388bc34c1f458bc);
  EXPECT_EQ(point_of("shop", "user-2"), 0x19b0edce7433e28b);
  EXPECT_EQ(point_of("checkout", "user-1"), 0x6f2753da334b389d);
  EXPECT_EQ(point_of("shop", "0123456789abcdef0123456789abcdef"), 0x0fd14259109d5a53);
  EXPECT_EQ(point_of("", "x"), 0x5349fad82c849b69);
}

TEST(SplitPoints, AndSoAreTheVariants) {
  const Splitter two(variants_of({1, 1}));
  const Splitter four(variants_of({1, 1, 1, 1}));
  std::string of_two, of_four;
  for (int i = 0; i < 40; ++i) {
    const Point point = point_of("shop", "user-" + std::to_string(i));
    of_two += std::to_string(two.variant_of(point, weights_of({3, 1})));
    of_four += std::to_string(four.variant_of(point, weights_of({4, 3, 2, 1})));
  }
  EXPECT_EQ(of_two, "1110010011000001011000011000001000000000");
  EXPECT_EQ(of_four, "1222111001001200022000111111111212301030");
}

TEST(SplitPoints, TheSaltIsTheFilesElseTheRoutesName) {
  config::Split settings = split_of({1, 1});
  const Point by_route = Split(settings, "shop").point_of("user-1");
  settings.salt = "spring";
  EXPECT_EQ(Split(settings, "shop").point_of("user-1"), point_of("spring", "user-1"));
  EXPECT_EQ(Split(settings, "other").point_of("user-1"), point_of("spring", "user-1"));
  settings.salt = "shop";
  EXPECT_EQ(Split(settings, "renamed").point_of("user-1"), by_route);
}

TEST(SplitPoints, ASecondSplitBuiltSeparatelyGivesTheSameAnswers) {
  for (const auto& weights : {weights_of({95, 5, 0, 0}), weights_of({40, 30, 20, 10})}) {
    const config::Split here = weights[2] == 0 ? split_of({95, 5}) : split_of({40, 30, 20, 10});
    const config::Split there = here;
    const Split first(here, "shop");
    const auto second = std::make_unique<Split>(there, "shop");
    for (int i = 0; i < 10'000; ++i) {
      const std::string key = "user-" + std::to_string(i);
      ASSERT_EQ(first.point_of(key), second->point_of(key));
      ASSERT_EQ(first.splitter().variant_of(first.point_of(key), weights),
                second->splitter().variant_of(second->point_of(key), weights));
    }
  }
}

// Pearson's chi-square of the two by two table of "in the low share of a", "in that of b".
double chi_square(std::span<const Point> a, std::span<const Point> b, std::uint64_t percent) {
  double seen[2][2] = {};
  for (std::size_t i = 0; i < a.size(); ++i) {
    ++seen[in_low_share(a[i], percent, 100)][in_low_share(b[i], percent, 100)];
  }
  const double all = static_cast<double>(a.size());
  double sum = 0;
  for (int row = 0; row < 2; ++row) {
    for (int column = 0; column < 2; ++column) {
      const double expected =
          (seen[row][0] + seen[row][1]) * (seen[0][column] + seen[1][column]) / all;
      sum += (seen[row][column] - expected) * (seen[row][column] - expected) / expected;
    }
  }
  return sum;
}

constexpr double kNotByChance = 15.14;  // p = 10^-4 at one degree of freedom

TEST(SplitPoints, TheUsersOfTwoSplitsAreUnrelated) {
  const auto shop = points_of_users(kUsers, "shop");
  EXPECT_GT(chi_square(shop, shop, 5), 100'000);  // the same salt: the same users
  for (const char* salt : {"shop2", "Shop", "checkout", "a", ""}) {
    const auto other = points_of_users(kUsers, salt);
    for (const std::uint64_t percent : {5U, 10U, 50U}) {
      EXPECT_LT(chi_square(shop, other, percent), kNotByChance) << salt << " " << percent;
    }
  }
}

// Balancing hashes the same key without salt. Were the two related, a canary's users would meet few
// of its endpoints.
TEST(SplitPoints, AreUnrelatedToTheHashThatBalancingTakes) {
  const auto points = points_of_users(kUsers, "shop");
  std::vector<Point> hashes;
  for (std::size_t i = 0; i < kUsers; ++i) hashes.push_back(hash64("user-" + std::to_string(i)));
  for (const std::uint64_t percent : {5U, 10U, 50U}) {
    EXPECT_LT(chi_square(points, hashes, percent), kNotByChance) << percent;
  }
  std::array<std::size_t, 8> on_endpoint{};  // of the canary's users, by the hash's residue
  for (std::size_t i = 0; i < kUsers; ++i) {
    if (in_low_share(points[i], 8, 100)) ++on_endpoint[hashes[i] % 8];
  }
  for (const std::size_t users : on_endpoint) {
    EXPECT_NEAR(static_cast<double>(users), kUsers / 100.0, 400);
  }
}

}  // namespace
}  // namespace weir::traffic
