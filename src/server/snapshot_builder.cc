// Puts a snapshot together: names, clusters, plans, router. Collects every error; on any of them
// there is no snapshot.
#include "server/snapshot_builder.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <unordered_map>
#include <utility>

#include "server/endpoint_names.h"
#include "server/instruments.h"
#include "server/listen_sockets.h"

namespace weir::server {
namespace {

using Errors = std::vector<std::string>;

std::string at(const config::Place& place, std::string_view message) {
  return place.line == 0
             ? std::string(message)
             : fmt::format("{}:{}:{}: {}", place.file, place.line, place.column, message);
}

// Clusters of a new file, beside those in force: what has the same name goes on as the same object,
// endpoints that are what they were too.
class ClusterPlanner {
 public:
  ClusterPlanner(const ResolvedNames& names, const proxy::Snapshot* before) : names_(names) {
    if (before == nullptr) return;
    for (const auto& cluster : before->clusters) before_[cluster->name()] = cluster;
  }

  void plan(const config::Cluster& settings, proxy::PlannedClusters& planned) const {
    const auto found = before_.find(settings.name);
    const auto known = found == before_.end() ? nullptr : found->second;
    auto setup = std::make_shared<upstream::ClusterSetup>();
    setup->settings = settings;
    for (const config::Endpoint& endpoint : settings.endpoints) {
      setup->endpoints.push_back(plan_endpoint(endpoint, known.get()));
    }
    const bool same =
        known != nullptr && known->settings() == settings && known->endpoints() == setup->endpoints;
    planned.setups.push_back(same ? known->setup() : std::move(setup));
    planned.clusters.push_back(
        known != nullptr ? known : std::make_shared<upstream::Cluster>(planned.setups.back()));
  }

 private:
  std::shared_ptr<Endpoint> plan_endpoint(const config::Endpoint& settings,
                                          const upstream::Cluster* known) const {
    const std::string name = to_string(settings.address);
    const SocketAddress address = names_.at(settings.address);
    if (known != nullptr) {
      for (const auto& endpoint : known->endpoints()) {
        if (endpoint->name() == name && endpoint->address() == address &&
            endpoint->backup() == settings.backup) {
          return endpoint;
        }
      }
    }
    return std::make_shared<Endpoint>(name, address, settings.weight, settings.backup);
  }

  const ResolvedNames& names_;
  std::unordered_map<std::string_view, std::shared_ptr<upstream::Cluster>> before_;
};

void make_listeners(proxy::Snapshot& snapshot, const proxy::Snapshot* before) {
  for (std::uint32_t i = 0; i < snapshot.config.listeners.size(); ++i) {
    proxy::ListenerPlan plan = proxy::make_listener_plan(snapshot.config.listeners[i], i);
    for (std::size_t j = 0; before != nullptr && j < before->listeners.size(); ++j) {
      const proxy::ListenerPlan& old = before->listeners[j];
      if (same_socket(*old.settings, *plan.settings)) plan.open_connections = old.open_connections;
    }
    snapshot.listeners.push_back(std::move(plan));
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
                                          const proxy::Snapshot* before, Errors& errors) {
  auto snapshot = std::make_shared<proxy::Snapshot>();
  snapshot->config = std::move(config);
  const ClusterPlanner planner(names, before);
  for (const config::Cluster& cluster : snapshot->config.clusters) {
    planner.plan(cluster, *snapshot);
  }
  make_listeners(*snapshot, before);
  make_routes(*snapshot, before, errors);
  return snapshot;
}

// The weights of a cluster's endpoints that the new file changed; those that an operator has set
// and the file leaves alone stay.
void take_weights(const upstream::ClusterSetup& before, const upstream::ClusterSetup& now) {
  for (std::size_t i = 0; i < now.endpoints.size(); ++i) {
    const auto old = std::ranges::find(before.endpoints, now.endpoints[i]);
    if (old == before.endpoints.end()) continue;
    const auto at = static_cast<std::size_t>(old - before.endpoints.begin());
    const std::uint32_t weight = now.settings.endpoints[i].weight;
    if (before.settings.endpoints[at].weight != weight) now.endpoints[i]->set_weight(weight);
  }
}

}  // namespace

std::expected<std::shared_ptr<const proxy::Snapshot>, Errors> build_snapshot(
    config::Config config, std::uint64_t generation, observe::Registry& registry,
    const LiveState& live, const proxy::Snapshot* before) {
  Errors errors;
  const ResolvedNames names = resolve_endpoints(config);
  for (const UnresolvedName& name : names.unresolved()) {
    errors.push_back(
        at(name.place, fmt::format("endpoint {}: {}", name.address, words_of(name.error.code))));
  }
  auto snapshot = assemble(std::move(config), names, before, errors);
  if (!errors.empty()) return std::unexpected(std::move(errors));
  snapshot->generation = generation;
  snapshot->mirror_bytes = live.mirror_bytes;
  for (proxy::RoutePlan& route : snapshot->routes) {
    if (route.split) route.split->weights = live.splits.offer(*route.settings);
  }
  register_series(registry, *snapshot);
  return snapshot;
}

void put_in_force(const proxy::Snapshot& snapshot, LiveState& live) {
  for (std::size_t i = 0; i < snapshot.clusters.size(); ++i) {
    upstream::Cluster& cluster = *snapshot.clusters[i];
    if (cluster.setup() == snapshot.setups[i]) continue;
    take_weights(*cluster.setup(), *snapshot.setups[i]);
    cluster.set_setup(snapshot.setups[i]);
  }
  for (const proxy::RoutePlan& route : snapshot.routes) {
    if (route.split) live.splits.adopt(*route.settings, route.split->weights);
  }
}

std::expected<std::shared_ptr<const proxy::Snapshot>, Errors> sketch_snapshot(
    config::Config config) {
  Errors errors;
  auto snapshot = assemble(std::move(config), ResolvedNames(), nullptr, errors);
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return snapshot;
}

}  // namespace weir::server
