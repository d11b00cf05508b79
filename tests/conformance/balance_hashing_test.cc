// What every algorithm that goes by key promises: one key, one endpoint, on every worker and
// whatever the order of the file; and when the set changes, only the keys concerned move.
#include <algorithm>

#include "balance_fixture.h"

namespace weir::balance {
namespace {

using test::Fleet;

constexpr std::size_t kKeys = 20'000;

class Hashing : public BalanceConformance {
 protected:
  // The name of each key's endpoint.
  std::vector<std::string> owners(Balancer& balancer, const Fleet& fleet) const {
    std::vector<std::string> result;
    for (std::size_t index : picks(balancer, fleet, kKeys)) result.push_back(fleet.name(index));
    return result;
  }
  std::vector<std::string> owners(const Fleet& fleet, std::uint64_t seed = 1) const {
    return owners(*make(fleet, seed), fleet);
  }

  // Share of all keys whose endpoint is another, without those that had or have endpoint `except`.
  static double moved(const std::vector<std::string>& before, const std::vector<std::string>& after,
                      const std::string& except = "") {
    std::size_t count = 0;
    for (std::size_t n = 0; n < kKeys; ++n) {
      if (before[n] != after[n] && before[n] != except && after[n] != except) ++count;
    }
    return static_cast<double>(count) / kKeys;
  }

  // On both sides of where an algorithm may change from asking all to looking up.
  static constexpr std::size_t kSizes[] = {2, 8, 10, 100, 1000};
};
INSTANTIATE_TEST_SUITE_P(All, Hashing, testing::ValuesIn(algorithms_where(&Traits::by_key)),
                         algorithm_test_name);

TEST_P(Hashing, AKeyKeepsItsEndpoint) {
  for (std::size_t size : kSizes) {
    const Fleet fleet = Fleet::of(size);
    const auto balancer = make(fleet);
    EXPECT_EQ(owners(*balancer, fleet), owners(*balancer, fleet)) << size;
  }
}

TEST_P(Hashing, WorkersAgreeWhateverTheirSeeds) {
  const Fleet fleet({1, 2, 3});
  EXPECT_EQ(owners(fleet, 1), owners(fleet, 2));
}

TEST_P(Hashing, TheOrderInTheFileDoesNotMatter) {
  Fleet forwards, backwards;
  for (std::uint32_t i = 0; i < 20; ++i) forwards.add("host" + std::to_string(i), 1 + i % 3);
  for (std::uint32_t i = 20; i-- > 0;) backwards.add("host" + std::to_string(i), 1 + i % 3);
  EXPECT_EQ(owners(forwards), owners(backwards));
}

TEST_P(Hashing, AnAddressListedTwiceCountsTwice) {
  Fleet fleet;
  fleet.add("same", 1);
  fleet.add("same", 1);
  fleet.add("other", 1);
  const auto balancer = make(fleet);
  for (std::size_t count : tally(picks(*balancer, fleet, kKeys), fleet)) {
    EXPECT_NEAR(static_cast<double>(count) / kKeys, 1.0 / 3, 0.02);
  }
}

TEST_P(Hashing, AnEndpointThatIsOutMovesOnlyItsOwnKeysAndGetsThemBack) {
  for (std::size_t size : kSizes) {
    Fleet fleet = Fleet::of(size);
    const auto balancer = make(fleet);
    const auto before = owners(*balancer, fleet);
    fleet[1].set_healthy(false);
    const auto during = owners(*balancer, fleet);
    EXPECT_EQ(moved(before, during, fleet.name(1)), 0) << size;
    EXPECT_EQ(std::count(during.begin(), during.end(), fleet.name(1)), 0);
    fleet[1].set_healthy(true);
    EXPECT_EQ(owners(*balancer, fleet), before) << size;
  }
}

TEST_P(Hashing, ATriedEndpointIsReplacedForThatRequestOnly) {
  for (std::size_t size : kSizes) {
    const Fleet fleet = Fleet::of(size);
    const auto balancer = make(fleet);
    for (std::uint64_t n = 0; n < 100; ++n) {
      PickContext context = request(n);
      const std::size_t first = balancer->pick(fleet.set(), context);
      if (first >= 64) continue;
      context.tried = std::uint64_t{1} << first;
      const std::size_t second = balancer->pick(fleet.set(), context);
      ASSERT_NE(second, first);
      ASSERT_EQ(balancer->pick(fleet.set(), context), second);
      ASSERT_EQ(balancer->pick(fleet.set(), request(n)), first);
    }
  }
}

TEST_P(Hashing, RemovingAnEndpointMovesItsKeys) {
  for (std::size_t size : kSizes) {
    Fleet fleet = Fleet::of(size);
    const auto before = owners(fleet);
    const std::string gone = fleet.name(size / 2);
    fleet.remove(size / 2);
    EXPECT_LE(moved(before, owners(fleet), gone), traits().extra_moves) << size;
  }
}

TEST_P(Hashing, AddingAnEndpointMovesItsShareOfKeysToIt) {
  for (std::size_t size : kSizes) {
    Fleet fleet = Fleet::of(size);
    const auto before = owners(fleet);
    const std::string added = fleet.add(1).name();
    const auto after = owners(fleet);
    EXPECT_LE(moved(before, after, added), traits().extra_moves) << size;
    EXPECT_NEAR(static_cast<double>(std::count(after.begin(), after.end(), added)) / kKeys,
                1.0 / static_cast<double>(size + 1), 0.01)
        << size;
  }
}

TEST_P(Hashing, AGrownWeightOnlyDrawsKeysToItsEndpoint) {
  for (std::size_t size : kSizes) {
    Fleet fleet = Fleet::of(size, 2);
    const auto before = owners(fleet);
    fleet[0].set_weight(4);
    const auto after = owners(fleet);
    EXPECT_LE(moved(before, after, fleet.name(0)), traits().extra_moves) << size;
    std::size_t lost = 0;
    for (std::size_t n = 0; n < kKeys; ++n) {
      if (before[n] == fleet.name(0) && after[n] != before[n]) ++lost;
    }
    EXPECT_LE(static_cast<double>(lost) / kKeys, traits().extra_moves) << size;
  }
}

TEST_P(Hashing, BackupsTakeOverByKeyToo) {
  Fleet fleet = Fleet::of(2);
  for (int i = 0; i < 3; ++i) fleet.add(1, true);
  const auto balancer = make(fleet);
  fleet[0].set_healthy(false);
  fleet[1].set_healthy(false);
  const auto sequence = picks(*balancer, fleet, kKeys);
  EXPECT_EQ(sequence, picks(*balancer, fleet, kKeys));
  const auto counts = tally(sequence, fleet);
  for (std::size_t i = 2; i < 5; ++i) {
    EXPECT_NEAR(static_cast<double>(counts[i]) / kKeys, 1.0 / 3, 0.02);
  }
}

// Splits decide by a point made of the same client; those who are on one side of it must still be
// spread evenly.
TEST_P(Hashing, KeysFromOneEndOfTheRangeAreSpreadToo) {
  const Fleet fleet = Fleet::of(5);
  const auto balancer = make(fleet);
  std::vector<std::size_t> counts(fleet.size());
  for (std::uint64_t n = 0; n < kKeys; ++n) {
    const PickContext low{.key = mix64(n, 0) >> 8, .has_key = true, .tried = 0};
    ++counts[balancer->pick(fleet.set(), low)];
  }
  for (std::size_t count : counts) {
    EXPECT_NEAR(static_cast<double>(count) / kKeys, 0.2, 0.02);
  }
}

}  // namespace
}  // namespace weir::balance
