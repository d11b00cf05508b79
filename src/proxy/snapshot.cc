// Small parts of plans that need no other module; server/snapshot_builder.cc puts the whole
// together.
#include "proxy/snapshot.h"

#include <algorithm>
#include <utility>

#include "balance/registry.h"

namespace weir::proxy {

bool ListenerPlan::trusts(const IpAddress& peer) const {
  return std::ranges::any_of(trusted, [&](const http::Network& block) {
    return in_network(peer, block.network, block.prefix);
  });
}

ListenerPlan make_listener_plan(const config::Listener& listener, std::uint32_t index) {
  ListenerPlan plan;
  plan.index = index;
  plan.settings = &listener;
  for (const config::Cidr& block : listener.trusted_proxies)
    plan.trusted.push_back({block.network, block.prefix});
  plan.head_limits = {listener.limits.header_bytes, listener.limits.headers};
  switch (listener.underscore_fields) {
    case config::UnderscoreFields::drop:
      plan.underscores = http::UnderscorePolicy::drop;
      break;
    case config::UnderscoreFields::pass:
      plan.underscores = http::UnderscorePolicy::pass;
      break;
    case config::UnderscoreFields::refuse:
      plan.underscores = http::UnderscorePolicy::refuse;
      break;
  }
  plan.open_connections = std::make_shared<std::atomic<std::uint32_t>>(0);
  return plan;
}

std::unique_ptr<WorkerSnapshot> make_worker_snapshot(std::shared_ptr<const Snapshot> shared,
                                                     const upstream::PoolEnvironment& environment,
                                                     std::uint64_t seed) {
  auto mine = std::make_unique<WorkerSnapshot>();
  const auto pool_of = [&](const std::shared_ptr<upstream::Cluster>& cluster) {
    return std::make_unique<upstream::ClusterPool>(
        cluster, balance::make_balancer(cluster->settings().balance.algorithm, seed++),
        environment);
  };
  for (const auto& cluster : shared->clusters) mine->pools.push_back(pool_of(cluster));
  for (const RoutePlan& route : shared->routes) {
    for (const MirrorPlan& mirror : route.mirrors) {
      mine->mirrors.push_back({.pool = pool_of(mirror.cluster)});
    }
  }
  mine->rescues.resize(shared->routes.size());
  mine->shared = std::move(shared);
  return mine;
}

}  // namespace weir::proxy
