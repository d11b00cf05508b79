// Who may be picked at all, for every algorithm: weight 0, health, draining, tried ones, backups,
// empty and tiny sets.
#include <set>

#include "balance_fixture.h"

namespace weir::balance {
namespace {

using test::Fleet;

class Eligibility : public BalanceConformance {
 protected:
  // The endpoints that many requests, with and without a key, reach.
  static std::set<std::size_t> reached(Balancer& balancer, const Fleet& fleet,
                                       std::uint64_t tried = 0) {
    std::set<std::size_t> result;
    for (std::uint64_t n = 0; n < 400; ++n) {
      PickContext context = request(n);
      context.tried = tried;
      context.has_key = n % 2 == 0;
      result.insert(balancer.pick(fleet.set(), context));
    }
    return result;
  }
};
INSTANTIATE_TEST_SUITE_P(All, Eligibility, testing::ValuesIn(algorithms()), algorithm_test_name);

using Indexes = std::set<std::size_t>;

TEST_P(Eligibility, AnEmptySetHasNoEndpoint) {
  const Fleet fleet;
  const auto balancer = make(fleet);
  EXPECT_EQ(reached(*balancer, fleet), Indexes{kNoEndpoint});
}

TEST_P(Eligibility, TheOnlyEndpointIsAlwaysPicked) {
  const Fleet fleet({7});
  const auto balancer = make(fleet);
  EXPECT_EQ(reached(*balancer, fleet), Indexes{0});
}

TEST_P(Eligibility, EveryoneIsReached) {
  const Fleet fleet({1, 2, 3, 4, 5});
  const auto balancer = make(fleet);
  EXPECT_EQ(reached(*balancer, fleet), (Indexes{0, 1, 2, 3, 4}));
}

TEST_P(Eligibility, WeightZeroTakesNothing) {
  const Fleet fleet({0, 1, 0, 1});
  const auto balancer = make(fleet);
  EXPECT_EQ(reached(*balancer, fleet), (Indexes{1, 3}));
}

TEST_P(Eligibility, WeightZeroAtRunTimeCountsAtOnce) {
  Fleet fleet({1, 1, 1});
  const auto balancer = make(fleet);
  fleet[1].set_weight(0);
  EXPECT_EQ(reached(*balancer, fleet), (Indexes{0, 2}));
}

TEST_P(Eligibility, AllOfWeightZeroIsNoEndpoint) {
  const Fleet fleet({0, 0});
  const auto balancer = make(fleet);
  EXPECT_EQ(reached(*balancer, fleet), Indexes{kNoEndpoint});
}

TEST_P(Eligibility, HealthAndStateCountAtTheNextPick) {
  Fleet fleet({1, 1, 1, 1});
  const auto balancer = make(fleet);
  fleet[0].set_healthy(false);
  fleet[1].set_state(EndpointState::draining);
  fleet[2].set_state(EndpointState::down);
  EXPECT_EQ(reached(*balancer, fleet), Indexes{3});
  fleet[3].set_healthy(false);
  EXPECT_EQ(reached(*balancer, fleet), Indexes{kNoEndpoint});
  fleet[0].set_healthy(true);
  EXPECT_EQ(reached(*balancer, fleet), Indexes{0});
  fleet[1].set_state(EndpointState::active);
  EXPECT_EQ(reached(*balancer, fleet), (Indexes{0, 1}));
}

TEST_P(Eligibility, TriedOnesAreNotPickedAgain) {
  const Fleet fleet({1, 1, 1, 1});
  const auto balancer = make(fleet);
  EXPECT_EQ(reached(*balancer, fleet, 0b0101), (Indexes{1, 3}));
  EXPECT_EQ(reached(*balancer, fleet, 0b1101), Indexes{1});
  EXPECT_EQ(reached(*balancer, fleet, 0b1111), Indexes{kNoEndpoint});
}

TEST_P(Eligibility, TriedOnesOfUnequalWeightsAreNotPickedAgain) {
  const Fleet fleet({9, 1, 9, 1});
  const auto balancer = make(fleet);
  EXPECT_EQ(reached(*balancer, fleet, 0b0101), (Indexes{1, 3}));
  EXPECT_EQ(reached(*balancer, fleet, 0b1111), Indexes{kNoEndpoint});
}

TEST_P(Eligibility, EndpointsFromTheSixtyFifthOnCountAsUntried) {
  Fleet fleet = Fleet::of(66);
  const auto balancer = make(fleet);
  EXPECT_EQ(reached(*balancer, fleet, ~std::uint64_t{0}), (Indexes{64, 65}));
}

TEST_P(Eligibility, BackupsWaitUntilNoPrimaryTakesRequests) {
  Fleet fleet({1, 1});
  fleet.add(1, true);
  fleet.add(1, true);
  const auto balancer = make(fleet);
  EXPECT_EQ(reached(*balancer, fleet), (Indexes{0, 1}));
  fleet[0].set_healthy(false);
  EXPECT_EQ(reached(*balancer, fleet), Indexes{1});
  fleet[1].set_state(EndpointState::draining);
  EXPECT_EQ(reached(*balancer, fleet), (Indexes{2, 3}));
  EXPECT_EQ(reached(*balancer, fleet, 0b0100), Indexes{3});
  fleet[1].set_state(EndpointState::active);
  EXPECT_EQ(reached(*balancer, fleet), Indexes{1});
}

TEST_P(Eligibility, ATriedPrimaryStillKeepsBackupsWaiting) {
  Fleet fleet({1});
  fleet.add(1, true);
  const auto balancer = make(fleet);
  EXPECT_EQ(reached(*balancer, fleet, 0b01), Indexes{kNoEndpoint});
}

TEST_P(Eligibility, BackupsAloneServe) {
  Fleet fleet;
  fleet.add(1, true);
  fleet.add(3, true);
  const auto balancer = make(fleet);
  EXPECT_EQ(reached(*balancer, fleet), (Indexes{0, 1}));
}

TEST_P(Eligibility, TheFewWhoAreUpAmongManyAreFound) {
  Fleet fleet = Fleet::of(10'000);
  for (std::size_t i = 0; i < fleet.size(); ++i) fleet[i].set_healthy(i % 3333 == 1);
  const auto balancer = make(fleet);
  const Indexes up{1, 3334, 6667};
  // 100,000 picks; asking all endpoints for each would be felt here.
  for (int round = 0; round < 250; ++round) {
    ASSERT_EQ(reached(*balancer, fleet), up) << round;
  }
  fleet[3334].set_healthy(false);
  fleet[9999].set_healthy(true);
  EXPECT_EQ(reached(*balancer, fleet), (Indexes{1, 6667, 9999}));
}

}  // namespace
}  // namespace weir::balance
