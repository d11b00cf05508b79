// What operators set at run time: validated whole, and kept as long as the file says the same.
#include "server/live_splits.h"

#include <gtest/gtest.h>

#include "unit/server/shop.h"

namespace weir::server {
namespace {

// What a snapshot with that route makes of the weights.
std::shared_ptr<traffic::SplitWeights> taken_up(LiveSplits& splits, const config::Route& route) {
  auto weights = splits.offer(route);
  splits.adopt(route, weights);
  return weights;
}

config::Route shop_route(std::uint32_t stable = 95, std::uint32_t canary = 5) {
  config::Route route = shop_config().routes[0];
  route.split.variants[0].weight = stable;
  route.split.variants[1].weight = canary;
  return route;
}

TEST(LiveSplits, TheFileSaysTheWeightsUntilSomebodyElseDoes) {
  LiveSplits splits;
  const config::Route route = shop_route();
  const auto weights = taken_up(splits, route);
  EXPECT_EQ(weights->get()[1], 5U);
  EXPECT_EQ(splits.last_change(route), nullptr);

  const auto change = splits.change(route, {{"canary", 50}, {"stable", 50}}, "alice", 17);
  ASSERT_TRUE(change);
  EXPECT_EQ(weights->get()[0], 50U);
  EXPECT_EQ(weights->get()[1], 50U);
  EXPECT_EQ(change->from, (NamedWeights{{"stable", 95}, {"canary", 5}}));
  EXPECT_EQ(change->to, (NamedWeights{{"stable", 50}, {"canary", 50}}));
  EXPECT_EQ(splits.in_force(route), change->to);
  ASSERT_NE(splits.last_change(route), nullptr);
  EXPECT_EQ(splits.last_change(route)->by, "alice");
  EXPECT_EQ(splits.last_change(route)->at_wall_ms, 17U);
}

TEST(LiveSplits, ANewSnapshotOfTheSameFileKeepsThem) {
  LiveSplits splits;
  const auto before = taken_up(splits, shop_route());
  ASSERT_TRUE(splits.change(shop_route(), {{"canary", 50}}, "alice", 1));
  config::Route edited = shop_route();
  edited.split.variants[1].cluster = "elsewhere";  // is no weight
  edited.split.salt = "new";
  EXPECT_EQ(taken_up(splits, edited), before);
  EXPECT_EQ(before->get()[1], 50U);
  ASSERT_NE(splits.last_change(edited), nullptr);
}

TEST(LiveSplits, AFileThatSaysSomethingNewWins) {
  LiveSplits splits;
  const auto before = taken_up(splits, shop_route());
  ASSERT_TRUE(splits.change(shop_route(), {{"canary", 50}}, "alice", 1));
  const auto after = taken_up(splits, shop_route(90, 10));
  EXPECT_EQ(after->get()[0], 90U);
  EXPECT_EQ(after->get()[1], 10U);
  EXPECT_EQ(splits.last_change(shop_route(90, 10)), nullptr);
  // Exchanges that began before go on with what they had.
  EXPECT_EQ(before->get()[1], 50U);
}

TEST(LiveSplits, AnotherListOfVariantsIsSomethingNew) {
  LiveSplits splits;
  taken_up(splits, shop_route());
  ASSERT_TRUE(splits.change(shop_route(), {{"canary", 50}}, "alice", 1));
  config::Route grown = shop_route();
  grown.split.variants.push_back({.name = "next", .cluster = "shop-next", .weight = 1});
  EXPECT_EQ(taken_up(splits, grown)->get()[1], 5U);
}

TEST(LiveSplits, RoutesDoNotShareWeights) {
  LiveSplits splits;
  config::Route other = shop_route();
  other.name = "other";
  taken_up(splits, shop_route());
  const auto weights = taken_up(splits, other);
  ASSERT_TRUE(splits.change(shop_route(), {{"canary", 50}}, "alice", 1));
  EXPECT_EQ(weights->get()[1], 5U);
}

TEST(LiveSplits, ARefusedChangeChangesNothing) {
  LiveSplits splits;
  const config::Route route = shop_route();
  const auto weights = taken_up(splits, route);
  for (const NamedWeights& wanted :
       {NamedWeights{{"stable", 1}, {"nobody", 5}}, NamedWeights{{"stable", 0}, {"canary", 0}},
        NamedWeights{{"stable", 1}, {"canary", 1'000'001}}}) {
    const auto refused = splits.change(route, wanted, "mallory", 1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, LiveSplits::Refusal::Kind::bad_weights);
    EXPECT_EQ(weights->get()[0], 95U);
    EXPECT_EQ(splits.last_change(route), nullptr);
  }
  config::Route plain;
  plain.name = "plain";
  const auto refused = splits.change(plain, {{"canary", 5}}, "mallory", 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, LiveSplits::Refusal::Kind::no_split);
}

TEST(LiveSplits, WordsOfAChangeShowWhatStayed) {
  EXPECT_EQ(words_of_change({{"stable", 95}, {"canary", 5}}, {{"stable", 95}, {"canary", 50}}),
            "stable 95, canary 5 -> 50");
}

}  // namespace
}  // namespace weir::server
