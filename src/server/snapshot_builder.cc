// Puts a snapshot together: names, clusters, plans, router. Collects every error; on any of them
// there is no snapshot.
#include "server/snapshot_builder.h"

#include <fmt/core.h>

#include <utility>

#include "server/endpoint_names.h"
#include "server/instruments.h"

namespace weir::server {
namespace {

using Errors = std::vector<std::string>;

std::string at(const config::Place& place, std::string_view message) {
  return place.line == 0
             ? std::string(message)
             : fmt::format("{}:{}:{}: {}", place.file, place.line, place.column, message);
}

std::vector<std::shared_ptr<upstream::Cluster>> make_clusters(const config::Config& config,
                                                              const ResolvedNames& names) {
  std::vector<std::shared_ptr<upstream::Cluster>> clusters;
  for (const config::Cluster& cluster : config.clusters) {
    std::vector<std::shared_ptr<Endpoint>> endpoints;
    for (const config::Endpoint& endpoint : cluster.endpoints) {
      endpoints.push_back(std::make_shared<Endpoint>(to_string(endpoint.address),
                                                     names.at(endpoint.address), endpoint.weight,
                                                     endpoint.backup));
    }
    clusters.push_back(std::make_shared<upstream::Cluster>(cluster, std::move(endpoints)));
  }
  return clusters;
}

void make_plans(proxy::Snapshot& snapshot, Errors& errors) {
  const config::Config& config = snapshot.config;
  for (std::uint32_t i = 0; i < config.listeners.size(); ++i) {
    snapshot.listeners.push_back(proxy::make_listener_plan(config.listeners[i], i));
  }
  proxy::RoutePlanner planner(snapshot.clusters);
  for (const config::Route& route : config.routes) {
    auto plan = planner.plan(route);
    if (plan) {
      snapshot.routes.push_back(std::move(*plan));
    } else {
      errors.push_back(at(route.place, fmt::format("route '{}': {}", route.name, plan.error())));
    }
  }
  auto router = traffic::Router::make(config);
  if (router) {
    snapshot.router = std::move(*router);
  } else {
    errors.push_back(router.error());
  }
}

std::shared_ptr<proxy::Snapshot> assemble(config::Config config, const ResolvedNames& names,
                                          Errors& errors) {
  auto snapshot = std::make_shared<proxy::Snapshot>();
  snapshot->config = std::move(config);
  snapshot->clusters = make_clusters(snapshot->config, names);
  make_plans(*snapshot, errors);
  return snapshot;
}

}  // namespace

std::expected<std::shared_ptr<const proxy::Snapshot>, Errors> build_snapshot(
    config::Config config, std::uint64_t generation, observe::Registry& registry, LiveState& live) {
  Errors errors;
  const ResolvedNames names = resolve_endpoints(config);
  for (const UnresolvedName& name : names.unresolved()) {
    errors.push_back(
        at(name.place, fmt::format("endpoint {}: {}", name.address, words_of(name.error.code))));
  }
  auto snapshot = assemble(std::move(config), names, errors);
  if (!errors.empty()) return std::unexpected(std::move(errors));
  snapshot->generation = generation;
  snapshot->mirror_bytes = live.mirror_bytes;
  for (proxy::RoutePlan& route : snapshot->routes) {
    if (route.split) route.split->weights = live.splits.adopt(*route.settings);
  }
  register_series(registry, *snapshot);
  return snapshot;
}

std::expected<std::shared_ptr<const proxy::Snapshot>, Errors> sketch_snapshot(
    config::Config config) {
  Errors errors;
  auto snapshot = assemble(std::move(config), ResolvedNames(), errors);
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return snapshot;
}

}  // namespace weir::server
