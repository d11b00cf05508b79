// How requests are shared, for every algorithm: by weight, smoothly, from the first pick on, by
// load where promised, and undisturbed by changes that do not concern them.
#include <algorithm>
#include <numeric>

#include "balance_fixture.h"

namespace weir::balance {
namespace {

using test::Fleet;

class Share : public BalanceConformance {
 protected:
  // The share of each endpoint that the algorithm promises.
  std::vector<double> promised(const std::vector<std::uint32_t>& weights) const {
    std::vector<double> shares;
    double sum = 0;
    for (std::uint32_t weight : weights) {
      shares.push_back(weight == 0 ? 0.0 : traits().by_weight ? weight : 1.0);
      sum += shares.back();
    }
    for (double& share : shares) share /= sum;
    return shares;
  }

  void expect_shares(const std::vector<std::size_t>& counts, const std::vector<double>& shares,
                     double tolerance) const {
    const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), 0UL));
    for (std::size_t i = 0; i < shares.size(); ++i) {
      EXPECT_NEAR(static_cast<double>(counts[i]) / total, shares[i], tolerance) << "endpoint " << i;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(All, Share, testing::ValuesIn(algorithms()), algorithm_test_name);

class ExactShare : public Share {};
INSTANTIATE_TEST_SUITE_P(All, ExactShare, testing::ValuesIn(algorithms_where(&Traits::exact)),
                         algorithm_test_name);

class UnkeyedShare : public Share {};
INSTANTIATE_TEST_SUITE_P(All, UnkeyedShare,
                         testing::ValuesIn(algorithms_where(&Traits::by_key, false)),
                         algorithm_test_name);

class ShareByLoad : public Share {};
INSTANTIATE_TEST_SUITE_P(All, ShareByLoad, testing::ValuesIn(algorithms_where(&Traits::by_load)),
                         algorithm_test_name);

TEST_P(Share, FollowsTheWeights) {
  for (const std::vector<std::uint32_t>& weights :
       std::vector<std::vector<std::uint32_t>>{{1, 1, 1}, {1, 2, 3, 4}, {100, 1}, {3, 0, 5, 8}}) {
    const Fleet fleet(weights);
    const auto balancer = make(fleet);
    expect_shares(tally(picks(*balancer, fleet, 100'000), fleet), promised(weights), 0.01);
  }
}

TEST_P(ExactShare, HoldsInEveryCycle) {
  const std::vector<std::uint32_t> weights{7, 1, 3, 2, 1, 11};
  const Fleet fleet(weights);
  const auto balancer = make(fleet, 5);
  const std::uint32_t cycle =
      traits().by_weight ? std::accumulate(weights.begin(), weights.end(), 0U) : 6;
  for (int round = 0; round < 50; ++round) {
    const auto counts = tally(picks(*balancer, fleet, cycle), fleet);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      ASSERT_EQ(counts[i], traits().by_weight ? weights[i] : 1) << "endpoint " << i;
    }
  }
}

// No endpoint waits for more than twice its even spacing between two of its turns.
TEST_P(ExactShare, IsSmooth) {
  std::vector<std::uint32_t> one_heavy(100, 1);
  one_heavy[17] = 100;
  for (std::vector<std::uint32_t> weights :
       std::vector<std::vector<std::uint32_t>>{{5, 1, 1}, {1, 2, 3, 4}, {10, 10, 1}, one_heavy}) {
    const Fleet fleet(weights);
    const auto balancer = make(fleet, 3);
    if (!traits().by_weight) std::fill(weights.begin(), weights.end(), 1);
    const std::size_t cycle = std::accumulate(weights.begin(), weights.end(), 0U);
    std::vector<std::size_t> last(weights.size(), 0);
    const auto sequence = picks(*balancer, fleet, 3 * cycle);
    for (std::size_t n = 0; n < sequence.size(); ++n) {
      const std::size_t spacing = (cycle + weights[sequence[n]] - 1) / weights[sequence[n]];
      if (n >= cycle) {
        EXPECT_LE(n - last[sequence[n]], 2 * spacing) << "endpoint " << sequence[n];
      }
      last[sequence[n]] = n;
    }
  }
}

TEST_P(UnkeyedShare, HoldsForTheFirstPickOfManyWorkers) {
  const std::vector<std::uint32_t> weights{5, 1, 1, 3};
  const Fleet fleet(weights);
  std::vector<std::size_t> first(weights.size());
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    ++first[make(fleet, seed)->pick(fleet.set(), request(seed))];
  }
  expect_shares(first, promised(weights), 0.02);
}

TEST_P(Share, IsTheSameForTheSameSeed) {
  const Fleet fleet({3, 1, 2, 2});
  EXPECT_EQ(picks(*make(fleet, 42), fleet, 1000), picks(*make(fleet, 42), fleet, 1000));
}

TEST_P(UnkeyedShare, IsOutOfStepForAnotherSeed) {
  const Fleet fleet = Fleet::of(50);
  EXPECT_NE(picks(*make(fleet, 1), fleet, 20), picks(*make(fleet, 2), fleet, 20));
}

TEST_P(Share, HoldsWithoutAKey) {
  const std::vector<std::uint32_t> weights{1, 2, 3, 4};
  const Fleet fleet(weights);
  const auto balancer = make(fleet);
  std::vector<std::size_t> counts(weights.size());
  for (int n = 0; n < 100'000; ++n) ++counts[balancer->pick(fleet.set(), PickContext{})];
  expect_shares(counts, promised(weights), 0.01);
}

TEST_P(Share, OfThoseThatAreOutGoesToTheRestByWeight) {
  const std::vector<std::uint32_t> weights{4, 1, 2, 3};
  Fleet fleet(weights);
  const auto balancer = make(fleet);
  fleet[0].set_healthy(false);
  expect_shares(tally(picks(*balancer, fleet, 100'000), fleet), promised({0, 1, 2, 3}), 0.01);
  fleet[0].set_healthy(true);
  expect_shares(tally(picks(*balancer, fleet, 100'000), fleet), promised(weights), 0.01);
}

TEST_P(Share, FollowsNewWeightsAfterAnUpdate) {
  Fleet fleet({1, 1, 1});
  const auto balancer = make(fleet);
  picks(*balancer, fleet, 10);
  fleet[1].set_weight(8);
  balancer->update(fleet.set());
  expect_shares(tally(picks(*balancer, fleet, 100'000), fleet), promised({1, 8, 1}), 0.01);
}

// Reloads and changes elsewhere in the process must not start rotations again.
TEST_P(Share, GoesOnAsIfNothingWasWhenNothingChanged) {
  const Fleet fleet({2, 1, 5, 4});
  Fleet elsewhere({1});
  const auto calm = make(fleet, 9);
  const auto disturbed = make(fleet, 9);
  for (std::uint64_t n = 0; n < 1000; ++n) {
    if (n % 3 == 0) disturbed->update(fleet.set());
    elsewhere[0].set_healthy(n % 2 == 0);
    const std::size_t index = disturbed->pick(fleet.set(), request(n));
    ASSERT_EQ(index, calm->pick(fleet.set(), request(n))) << n;
  }
}

TEST_P(Share, SurvivesAFlappingNeighbour) {
  Fleet fleet({2, 1, 1, 1});
  const auto balancer = make(fleet);
  std::vector<std::size_t> counts(fleet.size());
  for (std::uint64_t n = 0; n < 60'000; ++n) {
    fleet[3].set_healthy(n % 2 == 0);
    ++counts[balancer->pick(fleet.set(), request(n))];
  }
  const std::size_t least = *std::min_element(counts.begin(), counts.begin() + 3);
  EXPECT_GT(least, 60'000U / 10) << "someone is starved by another's flapping";
}

TEST_P(Share, HoldsWhileTheSetGrowsAndShrinks) {
  Fleet fleet = Fleet::of(5);
  const auto balancer = make(fleet);
  for (int round = 0; round < 2; ++round) {
    while (fleet.size() < 25) {
      fleet.add("added" + std::to_string(fleet.size()), 1);
      balancer->update(fleet.set());
      tally(picks(*balancer, fleet, 7), fleet);
    }
    while (fleet.size() > 5) {
      fleet.remove(fleet.size() / 2);
      balancer->update(fleet.set());
      tally(picks(*balancer, fleet, 7), fleet);
    }
  }
  expect_shares(tally(picks(*balancer, fleet, 50'000), fleet), std::vector<double>(5, 0.2), 0.01);
}

TEST_P(Share, HoldsForHeavyWeights) {
  const std::vector<std::uint32_t> weights{65'535, 65'534, 1, 32'767};
  const Fleet fleet(weights);
  const auto balancer = make(fleet);
  expect_shares(tally(picks(*balancer, fleet, 100'000), fleet), promised(weights), 0.01);
}

TEST_P(ShareByLoad, AvoidsTheBusy) {
  for (std::size_t size : {std::size_t{2}, std::size_t{4}, std::size_t{30}}) {
    Fleet fleet = Fleet::of(size);
    const auto balancer = make(fleet);
    for (int n = 0; n < 1000; ++n) fleet[0].begin_request();
    for (std::uint64_t n = 0; n < 500; ++n) {
      const std::size_t index = balancer->pick(fleet.set(), request(n));
      ASSERT_NE(index, 0U);
      fleet[index].begin_request();
    }
  }
}

TEST_P(ShareByLoad, OfRequestsInFlightFollowsTheWeights) {
  const std::vector<std::uint32_t> weights{1, 2, 3, 4};
  Fleet fleet(weights);
  const auto balancer = make(fleet);
  for (std::uint64_t n = 0; n < 10'000; ++n) {
    fleet[balancer->pick(fleet.set(), request(n))].begin_request();
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    EXPECT_NEAR(fleet[i].in_flight(), 1000.0 * weights[i], 100) << "endpoint " << i;
  }
}

}  // namespace
}  // namespace weir::balance
