// What a process leaves its successor of what operators have set: there and back, what the file has
// overruled meanwhile, and text that is none.
#include "server/handed_settings.h"

#include <gtest/gtest.h>

#include "server/snapshot_builder.h"
#include "unit/server/shop.h"

namespace weir::server {
namespace {

// A process as far as its first snapshot.
struct Process {
  explicit Process(config::Config config, const HandedSettings& handed = {}) {
    live.splits.take_over(handed.splits);
    live.endpoints.take_over(handed.sets);
    auto built = build_snapshot(std::move(config), 1, registry, live, nullptr);
    EXPECT_TRUE(built) << built.error().front();
    snapshot = *built;
    lines = live.endpoints.take_over(handed.endpoints, snapshot->setups);
    put_in_force(*snapshot, live);
  }
  // As its successor reads them.
  HandedSettings handed() const {
    LiveEndpoints::Setups setups;
    for (const auto& cluster : snapshot->clusters) setups.push_back(cluster->setup());
    const std::string text =
        write_handed_settings({.splits = live.splits.kept(),
                               .endpoints = live.endpoints.kept_endpoints(setups),
                               .sets = live.endpoints.kept_sets()});
    auto read = read_handed_settings(text);
    EXPECT_TRUE(read) << text;
    return read.value_or(HandedSettings());
  }
  Endpoint& app() const { return *snapshot->clusters[0]->endpoints()[0]; }
  const config::Route& shop() const { return *snapshot->routes[0].settings; }

  observe::Registry registry{1};
  LiveState live;
  std::shared_ptr<const proxy::Snapshot> snapshot;
  std::vector<std::string> lines;
};

TEST(HandedSettings, WeightsOfASplitGoOnAndSayWhoSetThem) {
  Process before(shop_config());
  ASSERT_TRUE(before.live.splits.change(before.shop(), {{"canary", 40}}, "alice", 17));
  const Process after(shop_config(), before.handed());
  EXPECT_EQ(after.snapshot->routes[0].split->weights->get()[1], 40U);
  const WeightChange* change = after.live.splits.last_change(after.shop());
  ASSERT_NE(change, nullptr);
  EXPECT_EQ(change->by, "alice");
  EXPECT_EQ(change->at_wall_ms, 17U);
  EXPECT_EQ(words_of_change(change->from, change->to), "stable 95, canary 5 -> 40");
}

TEST(HandedSettings, OtherWeightsInTheFileWinAndThatIsTold) {
  Process before(shop_config());
  ASSERT_TRUE(before.live.splits.change(before.shop(), {{"canary", 40}}, "alice", 17));
  const HandedSettings handed = before.handed();
  config::Config config = shop_config();
  config.routes[0].split.variants[1].weight = 9;
  LiveSplits splits;
  splits.take_over(handed.splits);
  EXPECT_EQ(splits.overruled_by(config).size(), 1U);
  const Process after(config, handed);
  EXPECT_EQ(after.snapshot->routes[0].split->weights->get()[1], 9U);
  EXPECT_EQ(after.live.splits.last_change(after.shop()), nullptr);
}

TEST(HandedSettings, ADrainedEndpointStaysDrainedWithItsWeight) {
  Process before(shop_config());
  before.live.endpoints.change("app", before.app(), {EndpointState::draining, 7}, "bob", 18);
  const Process after(shop_config(), before.handed());
  EXPECT_EQ(after.app().state(), EndpointState::draining);
  EXPECT_EQ(after.app().weight(), 7U);
  const EndpointChange* change = after.live.endpoints.last_change("app", after.app());
  ASSERT_NE(change, nullptr);
  EXPECT_EQ(change->by, "bob");
  EXPECT_EQ(change->from, (EndpointSetting{EndpointState::active, 1}));
  EXPECT_TRUE(after.lines.empty());
}

TEST(HandedSettings, AnotherWeightInTheFileWinsAndTheStateStays) {
  Process before(shop_config());
  before.live.endpoints.change("app", before.app(), {EndpointState::down, 7}, "bob", 18);
  config::Config config = shop_config();
  config.clusters[0].endpoints[0].weight = 3;
  const Process after(config, before.handed());
  EXPECT_EQ(after.app().state(), EndpointState::down);
  EXPECT_EQ(after.app().weight(), 3U);
  EXPECT_EQ(after.lines, std::vector<std::string>{
                             "cluster app: endpoint 127.0.0.1:9101: the file's weight takes the "
                             "place of 7, set by bob"});
}

TEST(HandedSettings, AnEndpointThatTheFileHasNoMoreIsForgotten) {
  Process before(shop_config());
  before.live.endpoints.change("app", before.app(), {EndpointState::down, 7}, "bob", 18);
  config::Config config = shop_config();
  config.clusters[0].endpoints[0].address.port = 1;
  const Process after(config, before.handed());
  EXPECT_EQ(after.app().state(), EndpointState::active);
  EXPECT_TRUE(after.live.endpoints.kept_endpoints(after.snapshot->setups).empty());
}

TEST(HandedSettings, ASetStandsInForTheFilesUntilThatIsAnother) {
  Process before(shop_config());
  std::vector<config::Endpoint> set = before.snapshot->config.clusters[0].endpoints;
  set.push_back({.address = {.host = {}, .port = 0, .unix_path = "/run/app.sock"},
                 .service = {},
                 .weight = 4,
                 .backup = true,
                 .place = {}});
  before.live.endpoints.replace(
      before.snapshot->config.clusters[0], set,
      {.by = "carol", .at_wall_ms = 19, .from = {"127.0.0.1:9101"}, .to = {"127.0.0.1:9101"}});
  const HandedSettings handed = before.handed();
  const Process after(shop_config(), handed);
  ASSERT_EQ(after.snapshot->clusters[0]->endpoints().size(), 2U);
  EXPECT_EQ(after.snapshot->clusters[0]->endpoints()[1]->name(), "unix:/run/app.sock");
  EXPECT_EQ(after.snapshot->clusters[0]->endpoints()[1]->weight(), 4U);
  EXPECT_TRUE(after.snapshot->clusters[0]->endpoints()[1]->backup());
  ASSERT_NE(after.live.endpoints.last_replacement("app"), nullptr);
  EXPECT_EQ(after.live.endpoints.last_replacement("app")->by, "carol");
  config::Config config = shop_config();
  config.clusters[0].endpoints[0].weight = 2;
  const Process other(config, handed);
  EXPECT_EQ(other.snapshot->clusters[0]->endpoints().size(), 1U);
  EXPECT_EQ(other.live.endpoints.last_replacement("app"), nullptr);
}

TEST(HandedSettings, WhatIsHandedOnTwiceIsTheSame) {
  Process first(shop_config());
  ASSERT_TRUE(first.live.splits.change(first.shop(), {{"canary", 40}}, "alice", 17));
  first.live.endpoints.change("app", first.app(), {EndpointState::draining, 7}, "bob\xff", 18);
  const Process second(shop_config(), first.handed());
  const HandedSettings again = second.handed();
  EXPECT_EQ(write_handed_settings(again), write_handed_settings(first.handed()));
  EXPECT_EQ(again.endpoints.size(), 1U);
}

TEST(HandedSettings, TextThatIsNoneIsTakenForNothing) {
  for (const char* text :
       {"", "{", "[]", "{}", R"({"splits": [], "endpoints": [], "sets": 1})",
        R"({"splits": [{"route": "r"}], "endpoints": [], "sets": []})",
        R"({"splits": [{"route": "r", "in_file": [["a", 1]], "change": {"by": "x", "at_ms": 1,)"
        R"( "from": [], "to": []}}], "endpoints": [], "sets": []})",
        R"({"splits": [], "endpoints": [{"cluster": "c", "endpoint": "e", "weight_in_file": 1,)"
        R"( "change": {"by": "x", "at_ms": 1, "from": {"state": "asleep", "weight": 1},)"
        R"( "to": {"state": "active", "weight": 1}}}], "endpoints": [], "sets": []})"}) {
    const auto read = read_handed_settings(text);
    EXPECT_TRUE(!read || (read->splits.empty() && read->endpoints.empty())) << text;
  }
  EXPECT_TRUE(read_handed_settings(R"({"splits": [], "endpoints": [], "sets": [], "new": 1})"));
}

}  // namespace
}  // namespace weir::server
