// The admin API's answers: shapes, refusals, and who may ask.
#include "server/admin_api.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

#include "server/snapshot_builder.h"

namespace weir::server {
namespace {

config::Config sample_config() {
  config::Config config;
  config::Listener listener;
  listener.name = "web";
  listener.address = {.host = "127.0.0.1", .port = 8080, .unix_path = {}};
  config.listeners.push_back(listener);
  config::Cluster cluster;
  cluster.name = "app";
  config::Endpoint endpoint;
  endpoint.address = {.host = "127.0.0.1", .port = 9101, .unix_path = {}};
  cluster.endpoints.push_back(endpoint);
  config.clusters.push_back(cluster);
  config::Route route;
  route.name = "all";
  route.cluster = "app";
  config.routes.push_back(route);
  return config;
}

class AdminApiTest : public testing::Test {
 protected:
  void SetUp() override { load(sample_config()); }

  void load(config::Config config) {
    auto built = build_snapshot(std::move(config), 3, instruments_.registry, state_.live);
    ASSERT_TRUE(built) << built.error().front();
    state_.snapshot = *built;
    state_.instruments = &instruments_;
    state_.config_path = "weir.yaml";
    state_.workers = 2;
    state_.listener_addresses = {"127.0.0.1:8080"};
  }
  AdminAnswer get(std::string_view path) {
    return AdminApi(state_).answer({.method = "GET", .path = path, .host = "127.0.0.1:9901"});
  }

  Instruments instruments_{1};
  ProcessState state_;
};

TEST_F(AdminApiTest, StatusSaysWhatRuns) {
  const auto answer = get("/v1/status");
  ASSERT_EQ(answer.status, 200);
  const auto json = nlohmann::json::parse(answer.body);
  EXPECT_EQ(json.at("config").at("generation"), 3);
  EXPECT_EQ(json.at("workers"), 2);
  EXPECT_EQ(json.at("listeners").at(0).at("address"), "127.0.0.1:8080");
}

TEST_F(AdminApiTest, ClustersShowEndpoints) {
  const auto json = nlohmann::json::parse(get("/v1/clusters").body);
  EXPECT_EQ(json.at(0).at("cluster"), "app");
  EXPECT_EQ(json.at(0).at("endpoints").at(0).at("endpoint"), "127.0.0.1:9101");
  EXPECT_EQ(json.at(0).at("endpoints").at(0).at("state"), "active");
}

TEST_F(AdminApiTest, RoutesCountTheirRequests) {
  instruments_.registry.cells(0).add(state_.snapshot->routes[0].series[0].requests[2], 5);
  const auto json = nlohmann::json::parse(get("/v1/routes").body);
  EXPECT_EQ(json.at(0).at("route"), "all");
  EXPECT_EQ(json.at(0).at("requests").at("2xx"), 5);
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
  state_.draining = true;
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_EQ(get("/livez").status, 200);
}

TEST_F(AdminApiTest, RefusesWhatIsNotForIt) {
  const AdminApi api(state_);
  EXPECT_EQ(get("/v1/nothing").status, 404);
  EXPECT_EQ(api.answer({.method = "POST", .path = "/v1/status", .host = "localhost"}).status, 405);
  EXPECT_EQ(api.answer({.method = "GET", .path = "/v1/status", .host = "evil.example"}).status,
            403);
  EXPECT_EQ(api.answer({.method = "GET",
                        .path = "/v1/status",
                        .host = "localhost",
                        .origin = "http://evil.example"})
                .status,
            403);
}

TEST_F(AdminApiTest, WantsTheTokenWhereThereIsOne) {
  config::Config config = sample_config();
  config.admin.token = "secret";
  load(std::move(config));
  const AdminApi api(state_);
  const auto ask = [&](std::string_view path, std::string_view authorization) {
    return api
        .answer(
            {.method = "GET", .path = path, .host = "localhost", .authorization = authorization})
        .status;
  };
  EXPECT_EQ(ask("/v1/status", ""), 401);
  EXPECT_EQ(ask("/v1/status", "Bearer secreT"), 401);
  EXPECT_EQ(ask("/v1/status", "Bearer secret"), 200);
  EXPECT_EQ(ask("/readyz", ""), 200);  // probes have no token
}

TEST(SnapshotBuilder, NamesTheEndpointThatDoesNotResolve) {
  config::Config config = sample_config();
  config.clusters[0].endpoints[0].address.host = "does-not-exist.invalid";
  config.clusters[0].endpoints[0].place = {"weir.yaml", 12, 7};
  observe::Registry registry(1);
  LiveState live;
  const auto built = build_snapshot(std::move(config), 1, registry, live);
  ASSERT_FALSE(built);
  EXPECT_EQ(built.error().front().find("weir.yaml:12:7: endpoint does-not-exist.invalid:9101"), 0U)
      << built.error().front();
}

}  // namespace
}  // namespace weir::server
