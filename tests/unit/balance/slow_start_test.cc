// An endpoint that starts slowly gets the share it has by then, whatever the algorithm; those that
// keep clients where they are do not notice.
#include <gtest/gtest.h>

#include <vector>

#include "balance/registry.h"
#include "support/fleet.h"

namespace weir::balance {
namespace {

using test::Fleet;

std::vector<int> picks(Balancer& balancer, Fleet& fleet, int count) {
  std::vector<int> counts(fleet.size());
  for (int n = 0; n < count; ++n) {
    const PickContext context{.key = static_cast<std::uint64_t>(n) * 0x9e3779b97f4a7c15,
                              .has_key = true};
    ++counts[balancer.pick(fleet.set(), context)];
  }
  return counts;
}

class SlowStart : public testing::TestWithParam<const char*> {};

TEST_P(SlowStart, GetsItsShareSoFar) {
  Fleet fleet = Fleet::of(3);
  const auto balancer = make_balancer(GetParam(), 1);
  balancer->update(fleet.set());
  fleet[1].set_share(1);
  EXPECT_NEAR(picks(*balancer, fleet, 2100)[1], 100, 40);
  fleet[1].set_share(5);
  EXPECT_NEAR(picks(*balancer, fleet, 2500)[1], 500, 120);
  fleet[1].set_share(Endpoint::kWholeShare);
  EXPECT_NEAR(picks(*balancer, fleet, 3000)[1], 1000, 120);
}

INSTANTIATE_TEST_SUITE_P(ByLoadAndTurn, SlowStart,
                         testing::Values("round_robin", "weighted_round_robin", "least_connections",
                                         "random"),
                         [](const auto& algorithm) { return std::string(algorithm.param); });

class StickyStart : public testing::TestWithParam<const char*> {};

TEST_P(StickyStart, KeysStayWhereTheyBelong) {
  Fleet fleet = Fleet::of(3);
  const auto balancer = make_balancer(GetParam(), 1);
  balancer->update(fleet.set());
  const std::vector<int> before = picks(*balancer, fleet, 1000);
  fleet[1].set_share(1);
  EXPECT_EQ(picks(*balancer, fleet, 1000), before);
}

INSTANTIATE_TEST_SUITE_P(ByKey, StickyStart, testing::Values("ip_hash", "hash", "maglev"),
                         [](const auto& algorithm) { return std::string(algorithm.param); });

TEST(SlowStartOfRoundRobin, PassesOverTheTried) {
  Fleet fleet = Fleet::of(2);
  const auto balancer = make_balancer("round_robin", 1);
  fleet[1].set_share(1);
  balancer->update(fleet.set());
  for (int n = 0; n < 20; ++n) EXPECT_EQ(balancer->pick(fleet.set(), {.tried = 0b01}), 1U);
  EXPECT_EQ(balancer->pick(fleet.set(), {.tried = 0b11}), kNoEndpoint);
}

}  // namespace
}  // namespace weir::balance
