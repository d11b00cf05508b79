// The admin API's table: what there is, who may ask, what is refused, and the documents that show
// the process.
#include "server/admin_api.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

#include "support/name_server.h"
#include "unit/server/shop.h"

namespace weir::server {
namespace {

using AnyJson = nlohmann::json;

class AdminApiTest : public RunningShop {};

TEST_F(AdminApiTest, StatusSaysWhatRuns) {
  const AnyJson json = document("/v1/status");
  EXPECT_EQ(json.at("config").at("generation"), 3);
  EXPECT_EQ(json.at("workers"), 2);
  EXPECT_EQ(json.at("listeners").at(0).at("address"), "127.0.0.1:8080");
}

TEST_F(AdminApiTest, StatusShowsSplitsAndWhoChangedThem) {
  const AnyJson before = document("/v1/status").at("splits");
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(before.at(0).at("route"), "shop");
  EXPECT_EQ(before.at(0).at("variants").at(1).at("variant"), "canary");
  EXPECT_EQ(before.at(0).at("variants").at(1).at("weight"), 5);
  EXPECT_TRUE(before.at(0).at("changed").is_null());

  ASSERT_TRUE(state_.live.splits.change(*route(0).settings, {{"canary", 50}}, "alice", 1'000));
  const AnyJson after = document("/v1/status").at("splits").at(0);
  EXPECT_EQ(after.at("variants").at(1).at("weight"), 50);
  EXPECT_EQ(after.at("variants").at(1).at("configured_weight"), 5);
  EXPECT_EQ(after.at("changed").at("by"), "alice");
  EXPECT_EQ(after.at("changed").at("at"), "1970-01-01T00:00:01.000Z");
  EXPECT_EQ(after.at("changed").at("from"), (AnyJson{{"stable", 95}, {"canary", 5}}));
  EXPECT_EQ(after.at("changed").at("to"), (AnyJson{{"stable", 95}, {"canary", 50}}));
}

TEST_F(AdminApiTest, ClustersShowEndpoints) {
  const AnyJson json = document("/v1/clusters");
  EXPECT_EQ(json.at(0).at("cluster"), "app");
  EXPECT_EQ(json.at(0).at("endpoints").at(0).at("endpoint"), "127.0.0.1:9101");
  EXPECT_EQ(json.at(0).at("endpoints").at(0).at("state"), "active");
}

TEST_F(AdminApiTest, RoutesCountTheirRequests) {
  instruments_.registry.cells(0).add(route(2).series[0].requests[2], 5);
  const AnyJson json = document("/v1/routes").at(2);
  EXPECT_EQ(json.at("route"), "all");
  EXPECT_EQ(json.at("action"), "cluster");
  EXPECT_EQ(json.at("requests").at("2xx"), 5);
  EXPECT_FALSE(json.contains("split"));
  EXPECT_FALSE(json.contains("mirrors"));
}

TEST_F(AdminApiTest, ASplitRouteCountsWhatItsVariantsServedAndWhatWasRefusedBefore) {
  observe::Cells& cells = instruments_.registry.cells(0);
  cells.add(route(0).series[0].requests[4], 1);
  cells.add(route(0).split->variants[0].series[0].requests[2], 20);
  cells.add(route(0).split->variants[1].series[0].requests[2], 3);
  const AnyJson requests = document("/v1/routes").at(0).at("requests");
  EXPECT_EQ(requests.at("2xx"), 23);
  EXPECT_EQ(requests.at("4xx"), 1);
}

TEST_F(AdminApiTest, ASplitShowsWeightsAndTheSharesThatCameOfThem) {
  const AnyJson idle = document("/v1/routes").at(0).at("split");
  EXPECT_TRUE(idle.at("variants").at(0).at("share").is_null());
  EXPECT_EQ(idle.at("weights_sum"), 100);
  EXPECT_TRUE(idle.at("changed").is_null());

  const auto assign = [&](std::size_t variant, VariantReason reason, std::uint64_t n) {
    const auto& counts = route(0).split->variants[variant].counts;
    instruments_.registry.cells(0).add(counts.assigned[static_cast<std::size_t>(reason)], n);
  };
  assign(0, VariantReason::weight, 90);
  assign(0, VariantReason::no_key, 6);
  assign(1, VariantReason::weight, 4);
  assign(1, VariantReason::forced, 1000);  // testers say nothing about weights
  const AnyJson split = document("/v1/routes").at(0).at("split");
  EXPECT_EQ(split.at("variants").at(0).at("cluster"), "shop-v1");
  EXPECT_EQ(split.at("variants").at(0).at("requests"), 96);
  EXPECT_EQ(split.at("variants").at(1).at("requests"), 4);
  EXPECT_DOUBLE_EQ(split.at("variants").at(1).at("share").get<double>(), 0.04);
}

TEST_F(AdminApiTest, MirrorsShowWhatTheySentDroppedAndHold) {
  config::Config config = shop_config();
  config.routes[0].mirrors = {mirror_to("shop-next", 10)};
  config.routes[0].mirrors[0].by = config::MirrorBy::key;
  config.routes[2].mirrors = {mirror_to("shop-next", 0)};
  config.routes[2].mirrors[0].share = {1, 3};
  config.routes[2].mirrors[0].when = config::MirrorWhen::after;
  load(std::move(config));
  const proxy::MirrorPlan& plan = route(0).mirrors[0];
  observe::Cells& cells = instruments_.registry.cells(0);
  cells.add(plan.series.of(MirrorOutcome::successful), 7);
  cells.add(plan.series.of(MirrorOutcome::timeout), 1);
  cells.add(plan.series.of(MirrorDrop::in_flight), 2);
  ASSERT_TRUE(plan.load->begin(10));
  ASSERT_TRUE(plan.load->bytes.hold(300, 1000));

  const AnyJson routes = document("/v1/routes");
  EXPECT_EQ(routes.at(0).at("mirrors").at(0), (AnyJson{{"cluster", "shop-next"},
                                                       {"percent", 10},
                                                       {"by", "key"},
                                                       {"when", "concurrent"},
                                                       {"in_flight", 1},
                                                       {"held_bytes", 300},
                                                       {"sent", 8},
                                                       {"dropped", 2}}));
  const AnyJson third = routes.at(2).at("mirrors").at(0);
  EXPECT_NEAR(third.at("percent").get<double>(), 33.333, 0.001);
  EXPECT_EQ(third.at("when"), "after");
  plan.load->end();
  plan.load->bytes.let_go(300);
}

TEST_F(AdminApiTest, MetricsNameEveryGauge) {
  const std::string text = get("/metrics").body;
  for (const char* name :
       {"weir_requests_total", "weir_endpoint_up", "weir_endpoint_active_requests",
        "weir_downstream_connections", "weir_upstream_connections", "weir_config_generation 3"}) {
    EXPECT_NE(text.find(name), std::string::npos) << name;
  }
}

TEST_F(AdminApiTest, ReadinessFollowsDraining) {
  EXPECT_EQ(get("/readyz").status, 200);
  state_.starting = true;
  EXPECT_EQ(get("/readyz").body, "starting\n");
  state_.draining = true;
  EXPECT_EQ(get("/readyz").body, "draining\n");
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_EQ(get("/livez").status, 200);
}

TEST_F(AdminApiTest, RefusesWhatIsNotForIt) {
  EXPECT_EQ(get("/v1/nothing").status, 404);
  EXPECT_EQ(get("/livez/").status, 404);
  EXPECT_EQ(ask({.method = "POST", .path = "/v1/status", .host = "localhost"}).status, 405);
  EXPECT_EQ(ask({.method = "GET", .path = "/v1/status", .host = "evil.example"}).status, 403);
  EXPECT_EQ(ask({.method = "GET",
                 .path = "/v1/status",
                 .host = "localhost",
                 .origin = "http://evil.example"})
                .status,
            403);
}

TEST_F(AdminApiTest, NamesWhatThereIsInsteadOfWhatThereIsNot) {
  const std::string body = get("/v1/rutes").body;
  for (const char* path : {"/livez", "/v1/status", "/v1/routes/{route}/weights", "/v1/explain"})
    EXPECT_NE(body.find(path), std::string::npos) << path << " in " << body;
  const AdminAnswer refused = ask({.method = "POST", .path = "/v1/routes"});
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.allow, "GET, HEAD");
}

TEST_F(AdminApiTest, HeadIsServedAsGet) {
  EXPECT_EQ(ask({.method = "HEAD", .path = "/v1/routes"}).status, 200);
}

TEST_F(AdminApiTest, WantsTheTokenWhereThereIsOne) {
  config::Config config = shop_config();
  config.admin.token = "secret";
  load(std::move(config));
  const auto status = [&](std::string_view path, std::string_view authorization) {
    return ask({.method = "GET", .path = path, .authorization = authorization}).status;
  };
  EXPECT_EQ(status("/v1/status", ""), 401);
  EXPECT_EQ(status("/v1/status", "Bearer secreT"), 401);
  EXPECT_EQ(status("/v1/status", "Bearer secret"), 200);
  EXPECT_EQ(status("/v1/explain", ""), 401);
  EXPECT_EQ(status("/readyz", ""), 200);  // probes have no token
}

TEST(SnapshotBuilder, NamesTheEndpointThatDoesNotResolve) {
  config::Config config = shop_config();
  config.clusters[0].endpoints[0].address.host = "does-not-exist.invalid";
  config.clusters[0].endpoints[0].place = {"weir.yaml", 12, 7};
  const test::NameServer server;
  config.resolver.servers = {{.host = "127.0.0.1", .port = server.address().port}};
  observe::Registry registry(1);
  LiveState live;
  const auto built = build_snapshot(std::move(config), 1, registry, live);
  ASSERT_FALSE(built);
  EXPECT_EQ(built.error().front().find(
                "weir.yaml:12:7: endpoint does-not-exist.invalid:9101 does not resolve: "),
            0U)
      << built.error().front();
}

TEST(SnapshotBuilder, ASketchNeedsNoNames) {
  config::Config config = shop_config();
  config.clusters[0].endpoints[0].address.host = "does-not-exist.invalid";
  const auto sketch = sketch_snapshot(std::move(config));
  ASSERT_TRUE(sketch);
  EXPECT_EQ((*sketch)->clusters[0]->endpoints()[0]->name(), "does-not-exist.invalid:9101");
  EXPECT_EQ((*sketch)->routes[0].split->weights->get()[1], 5U);
}

}  // namespace
}  // namespace weir::server
