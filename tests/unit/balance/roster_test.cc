// The roster: who has a seat, when it is made anew, and drawing by weight.
#include "balance/roster.h"

#include <gtest/gtest.h>

#include "support/fleet.h"

namespace weir::balance {
namespace {

using test::Fleet;

TEST(Roster, SeatsThoseThatTakeRequestsInFileOrder) {
  Fleet fleet({2, 0, 3, 4});
  fleet[2].set_healthy(false);
  Roster roster;
  roster.rebuild(fleet.set());
  ASSERT_EQ(roster.size(), 2U);
  EXPECT_EQ(roster[0].index, 0U);
  EXPECT_EQ(roster[0].weight, 2U);
  EXPECT_EQ(roster[1].index, 3U);
  EXPECT_EQ(roster[1].weight, 4U);
}

TEST(Roster, IsMadeAnewOnlyAfterARealChange) {
  Fleet fleet({1, 1});
  Roster roster;
  roster.rebuild(fleet.set());
  fleet[0].set_healthy(true);
  fleet[0].set_weight(1);
  fleet[0].set_state(EndpointState::active);
  fleet[0].begin_request();
  EXPECT_FALSE(roster.refresh(fleet.set()));
  fleet[0].set_state(EndpointState::draining);
  EXPECT_TRUE(roster.refresh(fleet.set()));
  EXPECT_EQ(roster.size(), 1U);
  EXPECT_FALSE(roster.refresh(fleet.set()));
}

TEST(Roster, NoticesASetOfAnotherSize) {
  Fleet fleet({1});
  Roster roster;
  roster.rebuild(fleet.set());
  fleet.add(1);
  EXPECT_TRUE(roster.refresh(fleet.set()));
  EXPECT_EQ(roster.size(), 2U);
}

TEST(Roster, PositionFromFindsTheNextSeatAndWraps) {
  Fleet fleet({1, 0, 1, 0, 1});
  Roster roster;
  roster.rebuild(fleet.set());
  EXPECT_EQ(roster.position_from(0), 0U);
  EXPECT_EQ(roster.position_from(1), 1U);
  EXPECT_EQ(roster.position_from(2), 1U);
  EXPECT_EQ(roster.position_from(3), 2U);
  EXPECT_EQ(roster.position_from(5), 0U);
}

TEST(Roster, PositionFromOfNobodyIsTheFirst) {
  const Fleet fleet;
  Roster roster;
  roster.rebuild(fleet.set());
  EXPECT_EQ(roster.position_from(7), 0U);
}

TEST(Roster, DrawsByWeightAmongTheUntried) {
  const Fleet fleet({1, 5, 3});
  Roster roster;
  roster.rebuild(fleet.set());
  Random random(1);
  int counts[3] = {};
  const PickContext second_tried{.key = 0, .has_key = false, .tried = 0b010};
  for (int n = 0; n < 40'000; ++n) ++counts[roster.draw(random, second_tried)];
  EXPECT_NEAR(counts[0], 10'000, 400);
  EXPECT_EQ(counts[1], 0);
  EXPECT_NEAR(counts[2], 30'000, 400);
}

TEST(Roster, WeighsByShareWhileSomebodyStartsSlowly) {
  Fleet fleet({1, 3});
  Roster roster;
  roster.rebuild(fleet.set());
  EXPECT_FALSE(roster.warming());
  fleet[1].set_share(2);
  ASSERT_TRUE(roster.refresh(fleet.set()));
  EXPECT_TRUE(roster.warming());
  EXPECT_EQ(roster[0].weight, 10U);
  EXPECT_EQ(roster[1].weight, 6U);
  fleet[1].set_share(Endpoint::kWholeShare);
  ASSERT_TRUE(roster.refresh(fleet.set()));
  EXPECT_FALSE(roster.warming());
  EXPECT_EQ(roster[1].weight, 3U);
}

TEST(Roster, IgnoresSharesWhereAsked) {
  Fleet fleet({1, 3});
  fleet[1].set_share(2);
  Roster roster(Shares::ignore);
  roster.rebuild(fleet.set());
  EXPECT_FALSE(roster.warming());
  EXPECT_EQ(roster[1].weight, 3U);
}

TEST(Roster, DrawsNobodyWhenAllWereTried) {
  const Fleet fleet({1, 1});
  Roster roster;
  roster.rebuild(fleet.set());
  Random random(1);
  const PickContext all_tried{.key = 0, .has_key = false, .tried = 0b11};
  EXPECT_EQ(roster.draw(random, all_tried), kNoEndpoint);
}

TEST(Roster, ConfiguredPrimariesIgnoreHealthAndLeaveBackupsOut) {
  Fleet fleet({1, 0, 2});
  fleet.add(1, true);
  fleet[2].set_healthy(false);
  const std::vector<Seat> seats = configured_primaries(fleet.set());
  ASSERT_EQ(seats.size(), 2U);
  EXPECT_EQ(seats[0].index, 0U);
  EXPECT_EQ(seats[1].index, 2U);
}

TEST(Roster, OnlyTheFirst64CanBeTried) {
  const PickContext all{.key = 0, .has_key = false, .tried = ~std::uint64_t{0}};
  EXPECT_TRUE(tried(all, 0));
  EXPECT_TRUE(tried(all, 63));
  EXPECT_FALSE(tried(all, 64));
  EXPECT_FALSE(tried(all, 1000));
  EXPECT_FALSE(tried(PickContext{}, 0));
}

}  // namespace
}  // namespace weir::balance
