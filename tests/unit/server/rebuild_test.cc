// A second snapshot beside the first: what is the same object, what is not, and that nothing in
// force changes before it is put in force.
#include <gtest/gtest.h>

#include "server/snapshot_builder.h"
#include "unit/server/shop.h"

namespace weir::server {
namespace {

class Rebuild : public testing::Test {
 protected:
  using SnapshotPtr = std::shared_ptr<const proxy::Snapshot>;

  SnapshotPtr build(const config::Config& config, const SnapshotPtr& before) {
    auto built =
        build_snapshot(config, before ? before->generation + 1 : 1, registry_, live_, before.get());
    EXPECT_TRUE(built) << built.error().front();
    return *built;
  }
  SnapshotPtr first() {
    SnapshotPtr snapshot = build(config_, nullptr);
    put_in_force(*snapshot, live_);
    return snapshot;
  }

  config::Config config_ = shop_config();
  observe::Registry registry_{1};
  LiveState live_;
};

TEST_F(Rebuild, AnUnchangedClusterIsTheSameInEveryWay) {
  const auto before = first();
  config_.listeners[0].limits.headers = 7;
  const auto after = build(config_, before);
  EXPECT_EQ(after->clusters, before->clusters);
  EXPECT_EQ(after->setups, before->setups);
  EXPECT_EQ(after->listeners[0].open_connections, before->listeners[0].open_connections);
}

TEST_F(Rebuild, EndpointsThatStayAreTheSameObjects) {
  const auto before = first();
  config::Endpoint added;
  added.address = {.host = "127.0.0.1", .port = 9999, .unix_path = {}};
  config_.clusters[0].endpoints.insert(config_.clusters[0].endpoints.begin(), added);
  const auto after = build(config_, before);
  EXPECT_EQ(after->clusters[0], before->clusters[0]);
  EXPECT_NE(after->setups[0], before->setups[0]);
  EXPECT_EQ(after->setups[0]->endpoints[1], before->setups[0]->endpoints[0]);
  EXPECT_EQ(before->clusters[0]->setup(), before->setups[0]) << "not in force yet";
  put_in_force(*after, live_);
  EXPECT_EQ(before->clusters[0]->setup(), after->setups[0]);
}

TEST_F(Rebuild, AWeightSetAtRunTimeStaysUntilTheFileSaysAnother) {
  const auto before = first();
  Endpoint& endpoint = *before->clusters[0]->endpoints()[0];
  endpoint.set_weight(7);
  config_.clusters[0].connections.max = 5;
  const auto same_weight = build(config_, before);
  put_in_force(*same_weight, live_);
  EXPECT_EQ(endpoint.weight(), 7U);
  config_.clusters[0].endpoints[0].weight = 3;
  const auto other_weight = build(config_, same_weight);
  EXPECT_EQ(endpoint.weight(), 7U) << "not in force yet";
  put_in_force(*other_weight, live_);
  EXPECT_EQ(endpoint.weight(), 3U);
}

TEST_F(Rebuild, AStateStaysWhileThereIsAnEndpointOfThatName) {
  const auto before = first();
  live_.endpoints.change("app", *before->clusters[0]->endpoints()[0],
                         {.state = EndpointState::draining, .weight = 1}, "alice", 1);
  config_.clusters[0].endpoints[0].backup = true;
  const auto after = build(config_, before);
  put_in_force(*after, live_);
  const Endpoint& again = *after->clusters[0]->endpoints()[0];
  EXPECT_TRUE(again.backup());
  EXPECT_EQ(again.state(), EndpointState::draining);
  EXPECT_NE(live_.endpoints.last_change("app", again), nullptr);
  config_.clusters[0].endpoints[0].address.port = 1;
  const auto gone = build(config_, after);
  put_in_force(*gone, live_);
  EXPECT_EQ(gone->clusters[0]->endpoints()[0]->state(), EndpointState::active);
  EXPECT_EQ(live_.endpoints.last_change("app", again), nullptr);
}

TEST_F(Rebuild, ASetOfAnOperatorStaysUntilTheFileSaysAnother) {
  const auto before = first();
  std::vector<config::Endpoint> set = config_.clusters[0].endpoints;
  set[0].address.port = 7;
  live_.endpoints.replace(config_.clusters[0], set,
                          {.by = "alice", .at_wall_ms = 1, .from = {}, .to = {}});
  config_.clusters[0].connections.max = 5;
  EXPECT_TRUE(live_.endpoints.sets_overruled_by(config_).empty());
  const auto same = build(config_, before);
  put_in_force(*same, live_);
  EXPECT_EQ(same->clusters[0]->endpoints()[0]->address().port, 7);
  config_.clusters[0].endpoints[0].address.port = 8;
  EXPECT_EQ(live_.endpoints.sets_overruled_by(config_).size(), 1U);
  const auto other = build(config_, same);
  put_in_force(*other, live_);
  EXPECT_EQ(other->clusters[0]->endpoints()[0]->address().port, 8);
  EXPECT_EQ(live_.endpoints.last_replacement("app"), nullptr);
}

TEST_F(Rebuild, SplitWeightsSetAtRunTimeStayUntilTheFileSaysOthers) {
  const auto before = first();
  const config::Route& route = *before->routes[0].settings;
  ASSERT_TRUE(live_.splits.change(route, {{"canary", 40}}, "alice", 1));
  config_.listeners[0].limits.headers = 7;
  const auto same = build(config_, before);
  put_in_force(*same, live_);
  EXPECT_EQ(same->routes[0].split->weights->get()[1], 40U);
  EXPECT_NE(live_.splits.last_change(route), nullptr);
  config_.routes[0].split.variants[1].weight = 9;
  const auto other = build(config_, same);
  EXPECT_EQ(same->routes[0].split->weights->get()[1], 40U) << "not in force yet";
  put_in_force(*other, live_);
  EXPECT_EQ(other->routes[0].split->weights->get()[1], 9U);
  EXPECT_EQ(live_.splits.last_change(*other->routes[0].settings), nullptr);
}

TEST_F(Rebuild, WhatTheFileTakesTheirPlaceOfIsTold) {
  const auto before = first();
  const config::Route& route = *before->routes[0].settings;
  EXPECT_TRUE(live_.splits.overruled_by(config_).empty());
  config_.routes[0].split.variants[1].weight = 9;
  EXPECT_TRUE(live_.splits.overruled_by(config_).empty()) << "nobody has set any";
  ASSERT_TRUE(live_.splits.change(route, {{"canary", 40}}, "alice", 1));
  EXPECT_TRUE(live_.splits.overruled_by(before->config).empty());
  EXPECT_EQ(live_.splits.overruled_by(config_),
            std::vector<std::string>{
                "route shop: the file's weights take the place of stable 95, canary 40, set by "
                "alice"});
  config_.routes[0].split.variants = before->config.routes[0].split.variants;
  config_.routes[0].split.variants.push_back({.name = "next", .cluster = "shop-next"});
  EXPECT_EQ(live_.splits.overruled_by(config_).size(), 1U) << "another variant is another split";
}

TEST_F(Rebuild, AWeightOfAnEndpointThatTheFileTakesThePlaceOfIsTold) {
  const auto before = first();
  live_.endpoints.change("app", *before->clusters[0]->endpoints()[0],
                         {.state = EndpointState::active, .weight = 7}, "alice", 1);
  EXPECT_TRUE(live_.endpoints.weights_overruled_by(config_, before->config).empty());
  config_.clusters[0].endpoints[0].weight = 3;
  EXPECT_EQ(live_.endpoints.weights_overruled_by(config_, before->config),
            std::vector<std::string>{"cluster app: endpoint 127.0.0.1:9101: the file's weight "
                                     "takes the place of 7, set by alice"});
  config_.clusters[0].endpoints[0].weight = 7;
  EXPECT_TRUE(live_.endpoints.weights_overruled_by(config_, before->config).empty()) << "the same";
}

TEST_F(Rebuild, AMirrorGoesOnWithItsConnectionsAndCounts) {
  config::Mirror mirror;
  mirror.cluster = config_.clusters[0].name;
  mirror.share = {1, 1};
  config_.routes[0].mirrors = {mirror};
  const auto before = first();
  config_.routes[0].mirrors[0].share = {1, 2};
  const auto after = build(config_, before);
  EXPECT_EQ(after->routes[0].mirrors[0].cluster, before->routes[0].mirrors[0].cluster);
  EXPECT_EQ(after->routes[0].mirrors[0].setup, before->routes[0].mirrors[0].setup);
  EXPECT_EQ(after->routes[0].mirrors[0].load, before->routes[0].mirrors[0].load);
}

TEST_F(Rebuild, ACounterNeverGoesBack) {
  const auto before = first();
  const auto after = build(config_, before);
  EXPECT_EQ(after->routes[0].series[0].requests[2], before->routes[0].series[0].requests[2]);
}

}  // namespace
}  // namespace weir::server
