// What a split promises about shares, on a million keys: they follow the weights, 0 and 100 % are
// exact, a change of one weight moves no key that it need not move, and nothing else about the file
// matters. Seeds are fixed.
#include "traffic/splitter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "traffic/share.h"
#include "unit/traffic/fake_split.h"

namespace weir::traffic {
namespace {

constexpr std::size_t kUsers = 1'000'000;
constexpr double kTolerance = 0.002;  // 0.2 points
constexpr std::uint32_t kMostWeight = limits::kVariantWeight;

const std::vector<Point>& users() {
  static const std::vector<Point> points = points_of_users(kUsers, "shop");
  return points;
}

using Counts = std::array<std::size_t, limits::kVariants>;

Counts count(const Splitter& splitter, const Weights& weights, std::span<const Point> points) {
  Counts counts{};
  for (const Point point : points) ++counts[splitter.variant_of(point, weights)];
  return counts;
}

// Of every variant: its share is its weight over the sum, none at 0.
void expect_shares(const Splitter& splitter, const Weights& weights) {
  const Counts counts = count(splitter, weights, users());
  const double sum = std::accumulate(weights.of.begin(), weights.of.end(), 0.0);
  for (std::size_t i = 0; i < splitter.size(); ++i) {
    const double share = static_cast<double>(counts[i]) / kUsers;
    EXPECT_NEAR(share, weights[i] / sum, kTolerance) << "variant " << i << ": " << weights[i];
    if (weights[i] == 0) {
      EXPECT_EQ(counts[i], 0U) << "variant " << i;
    }
    if (weights[i] == sum) {
      EXPECT_EQ(counts[i], kUsers) << "variant " << i;
    }
  }
}

TEST(Splitter, TwoVariantsGetTheirSharesAtEveryWeight) {
  std::vector<Point> sorted = users();
  std::ranges::sort(sorted);
  const Splitter splitter(variants_of({0, 0}));
  for (std::uint32_t weight = 0; weight <= 100; ++weight) {
    const Weights weights = weights_of({100 - weight, weight});
    const auto on_canary = [&](Point point) { return splitter.variant_of(point, weights) == 1; };
    // The canary owns one end of the ring: seen on a part of the points, used for the count of all.
    for (std::size_t i = 64; i < sorted.size(); i += 64) {
      ASSERT_GE(on_canary(sorted[i - 64]), on_canary(sorted[i])) << weight;
    }
    const auto end = std::ranges::partition_point(sorted, on_canary);
    const auto counted = static_cast<double>(end - sorted.begin());
    EXPECT_NEAR(counted / kUsers, weight / 100.0, kTolerance) << weight;
    if (weight == 0) {
      EXPECT_EQ(counted, 0);
    }
    if (weight == 100) {
      EXPECT_EQ(counted, kUsers);
    }
  }
}

TEST(Splitter, TwoVariantsGetTheirSharesOfAnySum) {
  const Splitter splitter(variants_of({0, 0}));
  for (const Weights& weights :
       {weights_of({1, 1}), weights_of({2, 1}), weights_of({1, 999'999}), weights_of({999'999, 1}),
        weights_of({kMostWeight, kMostWeight}), weights_of({kMostWeight, 1}),
        weights_of({1, kMostWeight}), weights_of({0, kMostWeight}), weights_of({kMostWeight, 0}),
        weights_of({7, 0})}) {
    expect_shares(splitter, weights);
  }
}

TEST(Splitter, ThreeVariantsGetTheirSharesAtManyWeights) {
  const Splitter splitter(variants_of({0, 0, 0}));
  for (const std::uint32_t weight : {0U, 1U, 5U, 10U, 33U, 50U, 90U, 99U, 100U}) {
    expect_shares(splitter, weights_of({100 - weight, 0, weight}));
  }
  for (const Weights& weights :
       {weights_of({1, 1, 1}), weights_of({90, 5, 5}), weights_of({1, kMostWeight, 1}),
        weights_of({kMostWeight, kMostWeight, kMostWeight}), weights_of({0, 0, 1}),
        weights_of({0, kMostWeight, 0})}) {
    expect_shares(splitter, weights);
  }
}

TEST(Splitter, SixteenVariantsGetTheirShares) {
  const Splitter splitter(variants_of({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
  ASSERT_EQ(splitter.size(), limits::kVariants);
  expect_shares(splitter, weights_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0, 900}));
}

TEST(Splitter, OneVariantGetsAll) {
  const Splitter splitter(variants_of({5}));
  for (const Point point : {Point{0}, Point{1} << 63, ~Point{0}}) {
    EXPECT_EQ(splitter.variant_of(point, weights_of({5})), 0U);
  }
}

TEST(Splitter, TheCanaryOwnsTheLowEndToTheVeryPoint) {
  const Splitter splitter(variants_of({0, 0}));
  const Weights rare = weights_of({999'999, 1});
  EXPECT_EQ(splitter.variant_of(0, rare), 1U);
  EXPECT_EQ(splitter.variant_of(18'446'744'073'709, rare), 1U);  // 2^64 / 10^6, cut
  EXPECT_EQ(splitter.variant_of(18'446'744'073'710, rare), 0U);
  EXPECT_EQ(splitter.variant_of(~Point{0}, weights_of({1, 999'999})), 0U);
  EXPECT_EQ(splitter.variant_of(~Point{0}, weights_of({0, 1})), 1U);
  EXPECT_EQ(splitter.variant_of(0, weights_of({1, 0})), 0U);
}

// A random weight, small ones and the ends often.
std::uint32_t any_weight(Random& random) {
  switch (random.below(4)) {
    case 0:
      return random.below(3);
    case 1:
      return random.below(101);
    case 2:
      return kMostWeight - random.below(3);
    default:
      return random.below(kMostWeight + 1);
  }
}

struct Growth {
  Weights before, after;
  std::size_t grown = 0;
};

// Weights of which at least one is not 0, and the same with one of them grown.
Growth any_growth(Random& random, std::size_t variants) {
  Growth growth;
  do {
    for (std::size_t i = 0; i < variants; ++i) growth.before.of[i] = any_weight(random);
  } while (growth.before == Weights{});
  growth.after = growth.before;
  growth.grown = random.below(static_cast<std::uint32_t>(variants));
  std::uint32_t& weight = growth.after.of[growth.grown];
  weight = std::max(weight, any_weight(random));
  return growth;
}

// The keys asked: some users, and the points where two variants' boundary is.
std::vector<Point> points_for(const Growth& growth) {
  std::vector<Point> points(users().begin(), users().begin() + 1'000);
  for (const Weights& weights : {growth.before, growth.after}) {
    const std::uint64_t sum = std::uint64_t{weights[0]} + weights[1];
    if (sum == 0) continue;
    const auto boundary = static_cast<Point>((Wide{weights[1]} << 64) / sum);
    for (const Point point : {boundary - 2, boundary - 1, boundary, boundary + 1}) {
      points.push_back(point);
    }
  }
  points.push_back(0);
  points.push_back(~Point{0});
  return points;
}

// Read backwards it is what a shrinking weight does: only its own keys leave.
TEST(Splitter, AGrowingWeightMovesKeysToItselfAndNoOthers) {
  Random random(7);
  std::size_t moved = 0;
  for (std::size_t round = 0; round < 1'500; ++round) {
    const std::size_t size = 2 + round % 15;
    std::vector<config::Variant> variants;
    for (std::size_t i = 0; i < size; ++i) variants.push_back(variants_of({0, 0}).front());
    for (std::size_t i = 0; i < size; ++i) variants[i].name = variant_name(i);
    const Splitter splitter(variants);
    const Growth growth = any_growth(random, size);
    for (const Point point : points_for(growth)) {
      const std::size_t before = splitter.variant_of(point, growth.before);
      const std::size_t after = splitter.variant_of(point, growth.after);
      ASSERT_LT(before, size);
      ASSERT_NE(growth.before[before], 0U);
      if (before == after) continue;
      ASSERT_EQ(after, growth.grown) << "round " << round << ", point " << point;
      ++moved;
    }
  }
  EXPECT_GT(moved, 100'000U);  // or the test asks nothing
}

TEST(Splitter, OneMoreStepOfARampKeepsEveryUserOfTheLast) {
  const Splitter splitter(variants_of({0, 0}));
  const std::span<const Point> some = std::span(users()).first(20'000);
  for (std::uint32_t weight = 1; weight <= 100; ++weight) {
    const Weights before = weights_of({101 - weight, weight - 1});
    const Weights after = weights_of({100 - weight, weight});
    std::size_t came = 0;
    for (const Point point : some) {
      const bool was = splitter.variant_of(point, before) == 1;
      const bool is = splitter.variant_of(point, after) == 1;
      ASSERT_LE(was, is) << weight;
      came += is && !was;
    }
    EXPECT_GT(came, 0U) << weight;
  }
}

TEST(Splitter, WithThreeVariantsTheOrderInTheFileDoesNotMatter) {
  const std::vector<config::Variant> in_file = variants_of({70, 10, 15, 5});
  std::vector<std::size_t> order{0, 1, 2, 3};
  const Splitter first(in_file);
  const Weights weights = weights_of({70, 10, 15, 5});
  while (std::ranges::next_permutation(order).found) {
    std::vector<config::Variant> shuffled;
    Weights their_weights;
    for (std::size_t i = 0; i < order.size(); ++i) {
      shuffled.push_back(in_file[order[i]]);
      their_weights.of[i] = weights[order[i]];
    }
    const Splitter again(shuffled);
    for (std::size_t i = 0; i < 2'000; ++i) {
      const Point point = users()[i];
      ASSERT_EQ(order[again.variant_of(point, their_weights)], first.variant_of(point, weights));
    }
  }
}

TEST(Splitter, OnlyTheProportionOfTheWeightsMatters) {
  const Splitter two(variants_of({0, 0}));
  const Splitter four(variants_of({0, 0, 0, 0}));
  for (std::size_t i = 0; i < 20'000; ++i) {
    const Point point = users()[i];
    ASSERT_EQ(two.variant_of(point, weights_of({95, 5})),
              two.variant_of(point, weights_of({190'000, 10'000})));
    ASSERT_EQ(four.variant_of(point, weights_of({1, 2, 4, 8})),
              four.variant_of(point, weights_of({1 << 10, 2 << 10, 4 << 10, 8 << 10})));
  }
}

}  // namespace
}  // namespace weir::traffic
