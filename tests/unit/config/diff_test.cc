// What is said of the difference between two configurations.
#include "config/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"

namespace weir::config::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kFile = R"(
listeners: { web: { address: 127.0.0.1:8080 } }
routes:
  - { name: shop, split: { variants: [{ name: stable, cluster: v1, weight: 95 },
                                      { name: canary, cluster: v2, weight: 5 }] } }
  - { name: rest, respond: { status: 404 } }
clusters:
  v1: { endpoints: [10.0.0.1:80, 10.0.0.2:80] }
  v2: { endpoints: [10.0.1.1:80] }
)";

std::vector<std::string> after(std::initializer_list<std::pair<const char*, const char*>> edits) {
  std::string text(kFile);
  for (const auto& [from, to] : edits) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, std::string(from).size(), to);
  }
  const Loaded before = load(kFile), now = load(text);
  EXPECT_EQ(lines_of(now.errors), "");
  return differences(before.config, now.config);
}

TEST(Diff, NothingWhenOnlyTheSpellingDiffers) {
  EXPECT_THAT(after({{"status: 404", "status: \"404\""}, {"[10.0.1.1:80]", "[ 10.0.1.1:80 ]"}}),
              IsEmpty());
}

TEST(Diff, Endpoints) {
  EXPECT_THAT(
      after({{"[10.0.0.1:80, 10.0.0.2:80]", "[{ address: 10.0.0.1:80, weight: 3 }, 10.0.0.3:80]"}}),
      ElementsAre("cluster v1: endpoint 10.0.0.2:80 removed",
                  "cluster v1: endpoint 10.0.0.1:80 weight 1 -> 3",
                  "cluster v1: endpoint 10.0.0.3:80 added"));
}

TEST(Diff, ServicesAreEndpointsLikeOthers) {
  EXPECT_THAT(
      after({{"[10.0.1.1:80]", "[{ service: _a._tcp.b }, { service: _b._tcp.b }]"}}),
      ElementsAre("cluster v2: endpoint 10.0.1.1:80 removed",
                  "cluster v2: endpoint _a._tcp.b added", "cluster v2: endpoint _b._tcp.b added"));
}

TEST(Diff, WeightsOfVariants) {
  EXPECT_THAT(after({{"weight: 95", "weight: 50"}, {"weight: 5 }]", "weight: 50 }]"}}),
              ElementsAre("route shop: variant stable weight 95 -> 50",
                          "route shop: variant canary weight 5 -> 50"));
}

TEST(Diff, AddedRemovedAndChangedThings) {
  EXPECT_THAT(after({{"name: rest", "name: other"}, {"127.0.0.1:8080", "127.0.0.1:8081"}}),
              ElementsAre("listener web: address 127.0.0.1:8080 -> 127.0.0.1:8081",
                          "route rest: removed", "route other: added"));
  EXPECT_THAT(after({{"status: 404", "status: 410"}}), ElementsAre("route rest: changed"));
}

TEST(Diff, WhatWaitsForTheNextStartSaysSo) {
  EXPECT_THAT(after({{"listeners:", "workers: 3\nlisteners:"}}),
              ElementsAre("workers: changed, in force at the next start"));
}

TEST(Diff, TheOrderOfRoutesMatters) {
  Config before = load(kFile).config, now = before;
  std::swap(now.routes[0], now.routes[1]);
  EXPECT_THAT(differences(before, now), ElementsAre("routes: in another order"));
}

}  // namespace
}  // namespace weir::config::testing
