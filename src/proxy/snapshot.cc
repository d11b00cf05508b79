// Small parts of plans that need no other module; server/snapshot_builder.cc puts the whole
// together.
#include "proxy/snapshot.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "balance/registry.h"
#include "base/random.h"

namespace weir::proxy {

bool ListenerPlan::trusts(const IpAddress& peer) const {
  return std::ranges::any_of(trusted, [&](const http::Network& block) {
    return in_network(peer, block.network, block.prefix);
  });
}

std::optional<AddressCounts::Place> ListenerPlan::place_for(const IpAddress& peer,
                                                            bool is_unix) const {
  if (!addresses || is_unix || trusts(peer)) return AddressCounts::Place();
  return AddressCounts::enter(addresses, peer, settings->limits.connections_per_address);
}

namespace {

// May a request of that listener come to a route that lets one through?
bool may_tunnel(const config::Config& config, const config::Listener& listener) {
  return std::ranges::any_of(config.routes, [&](const config::Route& route) {
    const std::vector<std::string>& names = route.match.listeners;
    const bool here = names.empty() || std::ranges::find(names, listener.name) != names.end();
    const bool forwards =
        route.action == config::ActionKind::cluster || route.action == config::ActionKind::split;
    return here && forwards && (route.upgrade.any || !route.upgrade.protocols.empty());
  });
}

}  // namespace

ListenerPlan make_listener_plan(const config::Config& config, std::uint32_t index) {
  const config::Listener& listener = config.listeners[index];
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
  plan.offers_tunnels = listener.http2.tunnels && may_tunnel(config, listener);
  plan.open_connections = std::make_shared<std::atomic<std::uint32_t>>(0);
  if (listener.limits.connections_per_address != 0) {
    plan.addresses = std::make_shared<AddressCounts>(random_seed());
  }
  return plan;
}

const TlsPlan* Snapshot::tls_of(std::string_view listener) const {
  for (const ListenerPlan& plan : listeners) {
    if (plan.settings->name == listener) return plan.tls.get();
  }
  return nullptr;
}

bool names_clients(const config::Config& config) {
  return std::ranges::any_of(config.clusters, [](const config::Cluster& cluster) {
    return cluster.proxy_protocol != config::SendProxy::off;
  });
}

namespace {

using upstream::Cluster;
using upstream::ClusterPool;

// Makes a worker's pools, or finds those of clusters that go on.
class PoolMaker {
 public:
  PoolMaker(const WorkerSnapshot* before, const upstream::PoolEnvironment& environment,
            std::uint64_t seed)
      : environment_(environment), seed_(seed) {
    if (before == nullptr) return;
    for (const auto& pool : before->pools) keep(pool);
    for (const WorkerMirror& mirror : before->mirrors) keep(mirror.pool);
  }

  std::shared_ptr<ClusterPool> pool(const std::shared_ptr<Cluster>& cluster,
                                    const std::shared_ptr<const upstream::ClusterSetup>& setup) {
    const std::string& algorithm = setup->settings.balance.algorithm;
    const std::uint64_t seed = seed_++;
    const auto known = known_.find(cluster.get());
    if (known == known_.end()) {
      return std::make_shared<ClusterPool>(cluster, setup, balance::make_balancer(algorithm, seed),
                                           environment_);
    }
    ClusterPool& pool = *known->second;
    if (pool.setup() != setup) {
      const bool same = pool.settings().balance.algorithm == algorithm;
      pool.update(setup, same ? nullptr : balance::make_balancer(algorithm, seed));
    }
    return known->second;
  }

 private:
  void keep(const std::shared_ptr<ClusterPool>& pool) { known_[&pool->cluster()] = pool; }

  const upstream::PoolEnvironment& environment_;
  std::uint64_t seed_;
  std::unordered_map<const Cluster*, std::shared_ptr<ClusterPool>> known_;
};

void take_up(const std::vector<ClusterUpdate>& updates, ClusterPool& pool) {
  for (const ClusterUpdate& update : updates) {
    if (update.cluster.get() == &pool.cluster()) pool.update(update.setup, nullptr);
  }
  pool.close_idle_of_stopped();
}

}  // namespace

void take_up(const std::vector<ClusterUpdate>& updates, WorkerSnapshot& mine) {
  for (const auto& pool : mine.pools) take_up(updates, *pool);
  for (const WorkerMirror& mirror : mine.mirrors) take_up(updates, *mirror.pool);
}

std::unique_ptr<WorkerSnapshot> make_worker_snapshot(std::shared_ptr<const Snapshot> shared,
                                                     const WorkerSnapshot* before,
                                                     const upstream::PoolEnvironment& environment,
                                                     std::uint64_t seed) {
  auto mine = std::make_unique<WorkerSnapshot>();
  PoolMaker maker(before, environment, seed);
  for (std::size_t i = 0; i < shared->clusters.size(); ++i) {
    mine->pools.push_back(maker.pool(shared->clusters[i], shared->setups[i]));
  }
  for (const RoutePlan& route : shared->routes) {
    for (const MirrorPlan& mirror : route.mirrors) {
      mine->mirrors.push_back({.pool = maker.pool(mirror.cluster, mirror.setup)});
    }
  }
  mine->rescues.resize(shared->routes.size());
  mine->shared = std::move(shared);
  return mine;
}

}  // namespace weir::proxy
