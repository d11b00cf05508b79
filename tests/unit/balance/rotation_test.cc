// What round robin and least connections promise beyond the conformance suite: the order of
// rotation and of ties.
#include <gtest/gtest.h>

#include "balance/registry.h"
#include "support/fleet.h"

namespace weir::balance {
namespace {

using test::Fleet;

TEST(RoundRobin, GoesRoundInFileOrderAndBehindTheGap) {
  Fleet fleet = Fleet::of(5);
  const auto balancer = make_balancer("round_robin", 1);
  balancer->update(fleet.set());
  const std::size_t first = balancer->pick(fleet.set(), {});
  for (std::size_t n = 1; n < 12; ++n) {
    ASSERT_EQ(balancer->pick(fleet.set(), {}), (first + n) % 5);
  }
  const std::size_t last = (first + 11) % 5;
  fleet[(last + 1) % 5].set_healthy(false);
  EXPECT_EQ(balancer->pick(fleet.set(), {}), (last + 2) % 5);
  fleet[(last + 1) % 5].set_healthy(true);
  EXPECT_EQ(balancer->pick(fleet.set(), {}), (last + 3) % 5);
}

TEST(RoundRobin, KeepsItsPlaceWhileNobodyIsUp) {
  Fleet fleet = Fleet::of(3);
  const auto balancer = make_balancer("round_robin", 1);
  balancer->update(fleet.set());
  const std::size_t first = balancer->pick(fleet.set(), {});
  for (std::size_t i = 0; i < 3; ++i) fleet[i].set_healthy(false);
  EXPECT_EQ(balancer->pick(fleet.set(), {}), kNoEndpoint);
  for (std::size_t i = 0; i < 3; ++i) fleet[i].set_healthy(true);
  EXPECT_EQ(balancer->pick(fleet.set(), {}), (first + 1) % 3);
}

TEST(LeastConnections, TakesTheLeastForItsWeight) {
  Fleet fleet({1, 2, 4});
  const auto balancer = make_balancer("least_connections", 1);
  balancer->update(fleet.set());
  const auto busy = [&](std::size_t index, int count) {
    for (int n = 0; n < count; ++n) fleet[index].begin_request();
  };
  busy(0, 2);
  busy(1, 3);
  busy(2, 7);
  EXPECT_EQ(balancer->pick(fleet.set(), {}), 1U) << "2/1, 3/2, 7/4";
  busy(1, 1);
  EXPECT_EQ(balancer->pick(fleet.set(), {}), 2U) << "2/1, 4/2, 7/4";
  EXPECT_EQ(balancer->pick(fleet.set(), {.key = 0, .has_key = false, .tried = 0b110}), 0U);
  fleet[0].end_request();
  EXPECT_EQ(balancer->pick(fleet.set(), {}), 0U) << "1/1, 4/2, 7/4";
}

TEST(LeastConnections, SeesTheRequestsOfOtherWorkers) {
  Fleet fleet = Fleet::of(4);
  const auto mine = make_balancer("least_connections", 1);
  const auto others = make_balancer("least_connections", 2);
  mine->update(fleet.set());
  others->update(fleet.set());
  for (int n = 0; n < 100; ++n) {
    fleet[mine->pick(fleet.set(), {})].begin_request();
    fleet[others->pick(fleet.set(), {})].begin_request();
  }
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(fleet[i].in_flight(), 50U);
}

TEST(LeastConnections, SharesTiesUnderLoadToo) {
  Fleet fleet = Fleet::of(4);
  for (std::size_t i = 0; i < 4; ++i) fleet[i].begin_request();
  const auto balancer = make_balancer("least_connections", 1);
  balancer->update(fleet.set());
  int counts[4] = {};
  for (int n = 0; n < 40; ++n) ++counts[balancer->pick(fleet.set(), {})];
  for (int count : counts) EXPECT_EQ(count, 10);
}

}  // namespace
}  // namespace weir::balance
