// What the conformance tests of balancing share: a test per algorithm of the registry, and ways to
// pick many times. An algorithm that is added to algorithms.def is under all of these tests at
// once; its traits say what is asked of it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "balance/registry.h"
#include "base/hash.h"
#include "support/fleet.h"

namespace weir::balance {

inline void PrintTo(const Algorithm& algorithm, std::ostream* out) {
  *out << algorithm.name;
}

class BalanceConformance : public testing::TestWithParam<Algorithm> {
 protected:
  const Traits& traits() const { return GetParam().traits; }

  std::unique_ptr<Balancer> make(const test::Fleet& fleet, std::uint64_t seed = 1) const {
    std::unique_ptr<Balancer> balancer = make_balancer(GetParam().name, seed);
    balancer->update(fleet.set());
    return balancer;
  }

  // The n-th request as a client of its own: algorithms without a key do not look at it.
  static PickContext request(std::uint64_t n) {
    return {.key = mix64(n, 0x636f6e66), .has_key = true, .tried = 0};
  }

  // What `count` requests get, one after the other, each finished before the next.
  static std::vector<std::size_t> picks(Balancer& balancer, const test::Fleet& fleet,
                                        std::size_t count) {
    std::vector<std::size_t> result;
    for (std::size_t n = 0; n < count; ++n) {
      result.push_back(balancer.pick(fleet.set(), request(n)));
    }
    return result;
  }

  // How often each endpoint comes in picks that all found one.
  static std::vector<std::size_t> tally(const std::vector<std::size_t>& picks,
                                        const test::Fleet& fleet) {
    std::vector<std::size_t> counts(fleet.size());
    for (std::size_t index : picks) {
      EXPECT_LT(index, fleet.size());
      if (index < fleet.size()) ++counts[index];
    }
    return counts;
  }
};

// The algorithms whose traits promise something.
inline std::vector<Algorithm> algorithms_where(bool Traits::* promised, bool value = true) {
  std::vector<Algorithm> result;
  for (const Algorithm& algorithm : algorithms()) {
    if (algorithm.traits.*promised == value) result.push_back(algorithm);
  }
  return result;
}

inline std::string algorithm_test_name(const testing::TestParamInfo<Algorithm>& tested) {
  return std::string(tested.param.name);
}

}  // namespace weir::balance
