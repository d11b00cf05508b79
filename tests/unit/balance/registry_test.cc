// The registry: names, makers and what they make of unknown names.
#include "balance/registry.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace weir::balance {
namespace {

TEST(Registry, KnowsTheDocumentedAlgorithms) {
  for (std::string_view name :
       {"round_robin", "weighted_round_robin", "least_connections", "ip_hash", "hash", "maglev",
        "random", "power_of_two", "peak_ewma"}) {
    EXPECT_EQ(std::count(algorithm_names().begin(), algorithm_names().end(), name), 1) << name;
    EXPECT_NE(make_balancer(name, 1), nullptr) << name;
  }
}

TEST(Registry, NamesAndTableAgree) {
  ASSERT_EQ(algorithm_names().size(), algorithms().size());
  for (std::size_t i = 0; i < algorithms().size(); ++i) {
    EXPECT_EQ(algorithms()[i].name, algorithm_names()[i]);
  }
}

TEST(Registry, MakesNothingOfUnknownNames) {
  EXPECT_EQ(make_balancer("", 1), nullptr);
  EXPECT_EQ(make_balancer("Round_Robin", 1), nullptr);
  EXPECT_EQ(make_balancer("round_robin ", 1), nullptr);
}

}  // namespace
}  // namespace weir::balance
