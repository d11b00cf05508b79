// Puts a snapshot together: names, clusters, plans, router. Collects every error; on any of them
// there is no snapshot.
#include "server/snapshot_builder.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <unordered_map>
#include <utility>

#include "config/config_error.h"
#include "server/cluster_setup.h"
#include "server/endpoint_names.h"
#include "server/instruments.h"
#include "server/listen_sockets.h"
#include "server/upstream_tls.h"

namespace weir::server {
namespace {

using Errors = std::vector<std::string>;

// Clusters of a new file, beside those in force: what has the same name goes on as the same object,
// endpoints that are what they were too.
class ClusterPlanner {
 public:
  ClusterPlanner(const KnownNames& names, const proxy::Snapshot* before) : names_(names) {
    if (before == nullptr) return;
    for (const auto& cluster : before->clusters) before_[cluster->name()] = cluster;
  }

  void plan(const config::Cluster& settings, proxy::PlannedClusters& planned,
            Errors& errors) const {
    const auto found = before_.find(settings.name);
    const auto known = found == before_.end() ? nullptr : found->second;
    auto tls = upstream_tls(settings, known.get());
    if (!tls) errors.push_back(std::move(tls.error()));
    planned.setups.push_back(
        plan_setup(settings, names_, known.get(), tls ? *std::move(tls) : nullptr));
    planned.clusters.push_back(
        known != nullptr ? known : std::make_shared<upstream::Cluster>(planned.setups.back()));
  }

 private:
  const KnownNames& names_;
  std::unordered_map<std::string_view, std::shared_ptr<upstream::Cluster>> before_;
};

void make_listeners(proxy::Snapshot& snapshot, const proxy::Snapshot* before) {
  for (std::uint32_t i = 0; i < snapshot.config.listeners.size(); ++i) {
    proxy::ListenerPlan plan = proxy::make_listener_plan(snapshot.config, i);
    for (std::size_t j = 0; before != nullptr && j < before->listeners.size(); ++j) {
      const proxy::ListenerPlan& old = before->listeners[j];
      if (!same_socket(*old.settings, *plan.settings)) continue;
      plan.open_connections = old.open_connections;
      if (plan.addresses && old.addresses) plan.addresses = old.addresses;
    }
    snapshot.listeners.push_back(std::move(plan));
  }
}

// Contexts whose certificates and settings are what they were go on.
void make_tls_plans(proxy::Snapshot& snapshot, TlsFiles files, const LiveTls& live,
                    const proxy::Snapshot* before, Errors& errors) {
  for (std::size_t i = 0; i < files.listeners.size(); ++i) {
    if (!files.listeners[i]) continue;
    proxy::ListenerPlan& listener = snapshot.listeners[i];
    auto plan = std::make_shared<proxy::TlsPlan>();
    plan->settings = std::move(*files.listeners[i]);
    const proxy::TlsPlan* known =
        before == nullptr ? nullptr : before->tls_of(listener.settings->name);
    const bool same = known != nullptr && known->settings == plan->settings;
    if (same) plan->contexts = known->contexts;
    for (std::size_t worker = plan->contexts.size(); worker < live.libraries.size(); ++worker) {
      auto made = net::TlsServerContext::make(plan->settings, live.libraries[worker], live.tickets);
      if (!made) {
        errors.push_back(config::placed(
            listener.settings->place,
            fmt::format("listener '{}': tls: {}", listener.settings->name, made.error())));
        return;
      }
      plan->contexts.push_back(std::move(*made));
    }
    listener.tls = std::move(plan);
  }
}

void make_routes(proxy::Snapshot& snapshot, const proxy::Snapshot* before, Errors& errors) {
  const config::Config& config = snapshot.config;
  const std::span<const proxy::RoutePlan> routes_before =
      before == nullptr ? std::span<const proxy::RoutePlan>() : before->routes;
  proxy::RoutePlanner planner(snapshot, routes_before);
  for (const config::Route& route : config.routes) {
    auto plan = planner.plan(route);
    if (plan) {
      snapshot.routes.push_back(std::move(*plan));
    } else {
      errors.push_back(
          config::placed(route.place, fmt::format("route '{}': {}", route.name, plan.error())));
    }
  }
  auto router = traffic::Router::make(config);
  if (router) {
    snapshot.router = std::move(*router);
  } else {
    errors.push_back(router.error());
  }
}

// `clusters`: of the file, with the endpoints that stand in for its own.
std::shared_ptr<proxy::Snapshot> assemble(config::Config config,
                                          const std::vector<config::Cluster>& clusters,
                                          const KnownNames& names, const proxy::Snapshot* before,
                                          Errors& errors) {
  auto snapshot = std::make_shared<proxy::Snapshot>();
  snapshot->config = std::move(config);
  snapshot->names_clients = proxy::names_clients(snapshot->config);
  const ClusterPlanner planner(names, before);
  for (const config::Cluster& cluster : clusters) planner.plan(cluster, *snapshot, errors);
  make_listeners(*snapshot, before);
  make_routes(*snapshot, before, errors);
  return snapshot;
}

}  // namespace

std::expected<std::shared_ptr<const proxy::Snapshot>, Errors> build_snapshot(
    config::Config config, std::uint64_t generation, observe::Registry& registry,
    const LiveState& live, const proxy::Snapshot* before, TlsFiles tls) {
  Errors errors;
  std::vector<config::Cluster> clusters;
  for (const config::Cluster& cluster : config.clusters) {
    clusters.push_back(live.endpoints.in_force(cluster));
  }
  for (const UnresolvedName& name : resolve_new_names(clusters, config.resolver, *live.names)) {
    errors.push_back(config::placed(name.place, name.message));
  }
  auto snapshot = assemble(std::move(config), clusters, *live.names, before, errors);
  make_tls_plans(*snapshot, std::move(tls), live.tls, before, errors);
  if (!errors.empty()) return std::unexpected(std::move(errors));
  snapshot->generation = generation;
  snapshot->mirror_bytes = live.mirror_bytes;
  snapshot->buffer_bytes = live.buffer_bytes;
  for (proxy::RoutePlan& route : snapshot->routes) {
    if (route.split) route.split->weights = live.splits.offer(*route.settings);
  }
  register_series(registry, *snapshot);
  return snapshot;
}

void put_in_force(const proxy::Snapshot& snapshot, LiveState& live) {
  for (std::size_t i = 0; i < snapshot.clusters.size(); ++i) {
    put_in_force(*snapshot.clusters[i], snapshot.setups[i]);
  }
  live.endpoints.adopt(snapshot.config, snapshot.setups);
  for (const proxy::RoutePlan& route : snapshot.routes) {
    if (route.split) live.splits.adopt(*route.settings, route.split->weights);
  }
}

std::expected<std::shared_ptr<const proxy::Snapshot>, Errors> sketch_snapshot(
    config::Config config) {
  Errors errors;
  const std::vector<config::Cluster> clusters = config.clusters;
  auto snapshot = assemble(std::move(config), clusters, KnownNames(), nullptr, errors);
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return snapshot;
}

}  // namespace weir::server
