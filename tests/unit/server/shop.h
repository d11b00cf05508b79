// A shop behind a split, as a configuration and as a running process without workers: what the
// tests of the admin API and of explanations look at.
#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <utility>

#include "server/admin_api.h"
#include "server/snapshot_builder.h"

namespace weir::server {

inline config::Cluster cluster_at(std::string name, std::uint16_t port) {
  config::Cluster cluster;
  cluster.name = std::move(name);
  config::Endpoint endpoint;
  endpoint.address = {.host = "127.0.0.1", .port = port, .unix_path = {}};
  cluster.endpoints.push_back(endpoint);
  return cluster;
}

// Routes: shop (a split of stable and canary, 95 to 5, by x-user and the cookie sid), health (an
// own answer), all (a cluster).
inline config::Config shop_config() {
  config::Config config;
  config::Listener listener;
  listener.name = "web";
  listener.address = {.host = "127.0.0.1", .port = 8080, .unix_path = {}};
  config.listeners.push_back(listener);
  config.clusters = {cluster_at("app", 9101), cluster_at("shop-v1", 9201),
                     cluster_at("shop-v2", 9202), cluster_at("shop-next", 9203)};

  config::Route shop;
  shop.name = "shop";
  shop.match.path = "/shop";
  shop.action = config::ActionKind::split;
  shop.split.variants = {{.name = "stable", .cluster = "shop-v1", .weight = 95},
                         {.name = "canary", .cluster = "shop-v2", .weight = 5}};
  shop.split.key = {{.source = config::KeySource::header, .name = "x-user"},
                    {.source = config::KeySource::cookie, .name = "sid"}};
  config::Route health;
  health.name = "health";
  health.match.path = "/health";
  health.action = config::ActionKind::respond;
  health.respond.body = "fine";
  config::Route all;
  all.name = "all";
  all.cluster = "app";
  config.routes = {shop, health, all};
  return config;
}

inline config::Mirror mirror_to(std::string cluster, std::uint64_t percent) {
  config::Mirror mirror;
  mirror.cluster = std::move(cluster);
  mirror.share = {percent, 100};
  return mirror;
}

class RunningShop : public testing::Test {
 protected:
  void SetUp() override { load(shop_config()); }

  void load(config::Config config) {
    auto built = build_snapshot(std::move(config), 3, instruments_.registry, state_.live);
    ASSERT_TRUE(built) << built.error().front();
    state_.snapshot = *built;
    put_in_force(*state_.snapshot, state_.live);
    state_.instruments = &instruments_;
    state_.config_path = "weir.yaml";
    state_.workers = 2;
    state_.listener_addresses = {"127.0.0.1:8080"};
  }
  AdminAnswer ask(AdminRequest request) {
    if (request.host.empty()) request.host = "127.0.0.1:9901";
    if (request.peer.empty()) request.peer = "127.0.0.1";
    return AdminApi(state_).answer(request);
  }
  AdminAnswer get(std::string_view path) { return ask({.method = "GET", .path = path}); }
  nlohmann::json document(std::string_view path) {
    const AdminAnswer answer = get(path);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return nlohmann::json::parse(answer.body);
  }
  const proxy::RoutePlan& route(std::size_t index) const { return state_.snapshot->routes[index]; }

  Instruments instruments_{1};
  ProcessState state_;
};

}  // namespace weir::server
