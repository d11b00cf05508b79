// The configuration as a worker runs it: plans with everything a request needs resolved beforehand
// (cluster pools, edit lists, series), so that an exchange looks nothing up by name. Built by
// server/snapshot_builder, immutable but for the pools inside; every exchange holds the one it
// began with.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <weir/config.h>
#include <weir/limits.h>

#include "base/buffer_bytes.h"
#include "http/forwarding.h"
#include "http/h1_parser.h"
#include "net/retire_list.h"
#include "net/tls_context.h"
#include "observe/exchange_metrics.h"
#include "proxy/address_counts.h"
#include "proxy/mirror_load.h"
#include "proxy/route_plan.h"
#include "traffic/router.h"
#include "upstream/pool.h"
#include "upstream/retry_budget.h"

namespace weir::proxy {

// What the TLS connections of one listener go by.
struct TlsPlan {
  net::TlsServerSettings settings;                                     // what was read of its files
  std::vector<std::shared_ptr<const net::TlsServerContext>> contexts;  // by worker
  // Counts of handshakes, by version and whether the session was resumed; and of failures.
  std::array<std::array<observe::CounterId, 2>, 2> handshakes{};
  std::array<observe::CounterId, net::kTlsFailureKinds> failures{};
};

// What connections of one listener go by.
struct ListenerPlan {
  std::uint32_t index = 0;  // of the listener in the file
  const config::Listener* settings = nullptr;
  std::vector<http::Network> trusted;
  http::HeadLimits head_limits;
  http::UnderscorePolicy underscores = http::UnderscorePolicy::drop;
  bool offers_tunnels = false;       // to clients of HTTP/2, because a route may open one
  observe::ExchangeSeries unrouted;  // where requests are counted that reached no route
  // Open connections over all workers: bounds limits.connections, shown as a metric.
  std::shared_ptr<std::atomic<std::uint32_t>> open_connections;
  // ... of each client's: bounds limits.connections_per_address, null without.
  std::shared_ptr<AddressCounts> addresses;
  std::shared_ptr<TlsPlan> tls;  // null: it speaks plain HTTP

  bool trusts(const IpAddress& peer) const;
  // A place among the connections of that address; nothing when it has too many. Who stands for
  // many clients (a trusted proxy, a unix socket) is not counted.
  std::optional<AddressCounts::Place> place_for(const IpAddress& peer, bool is_unix) const;
};
// Of the listener of that index in the file, which outlives the plan.
ListenerPlan make_listener_plan(const config::Config& config, std::uint32_t index);

// One generation of the configuration, shared by all workers.
struct Snapshot : PlannedClusters {
  std::uint64_t generation = 0;
  config::Config config;  // plans point into it
  std::unique_ptr<const traffic::Router> router;
  std::vector<ListenerPlan> listeners;
  std::vector<RoutePlan> routes;             // in file order, as the router counts them
  std::shared_ptr<ByteBudget> mirror_bytes;  // of the process
  std::shared_ptr<BufferBytes> buffer_bytes = std::make_shared<BufferBytes>();  // the same

  // What the listener of that name has; null without TLS, and without such a listener.
  const TlsPlan* tls_of(std::string_view listener) const;

  // Is there a cluster whose endpoints are told their clients' addresses?
  bool names_clients = false;

  // Percent of config.buffer_bytes held now; 0 without such a limit.
  std::uint64_t buffer_pressure() const { return buffer_bytes->percent_of(config.buffer_bytes); }
};

bool names_clients(const config::Config& config);

// A mirror as one worker runs it: its connections, and how the target has been doing.
struct WorkerMirror {
  std::shared_ptr<upstream::ClusterPool> pool;
  std::uint32_t failures = 0;    // in a row
  net::TimeMs paused_until = 0;  // while there are too many

  // A target that fails again and again is left alone for a while, then tried with one copy.
  bool lets_through(net::TimeMs now) {
    if (failures < limits::kMirrorFailures) return true;
    if (now < paused_until) return false;
    paused_until = now + static_cast<net::TimeMs>(limits::kMirrorPause.count());
    return true;
  }
};

// The same with this worker's own part: its connections to each cluster. Pools live on in the next
// snapshot of the same cluster.
struct WorkerSnapshot final : net::Retirable {
  std::shared_ptr<const Snapshot> shared;
  std::vector<std::shared_ptr<upstream::ClusterPool>> pools;  // by cluster index
  std::vector<WorkerMirror> mirrors;                          // by MirrorPlan::index
  std::vector<upstream::RetryBudget> rescues;                 // by route index
};

// What has become of a cluster while the snapshot stays.
struct ClusterUpdate {
  std::shared_ptr<const upstream::Cluster> cluster;
  std::shared_ptr<const upstream::ClusterSetup> setup;
};

// The worker's pools take the updates up, and let idle connections to endpoints go that an operator
// has taken out.
void take_up(const std::vector<ClusterUpdate>& updates, WorkerSnapshot& mine);

// Takes over from `before` (null: none) what still belongs: pools of the same clusters, brought up
// to the new setups. New balancers are seeded from `seed`, each differently; the
// first with `seed` itself.
std::unique_ptr<WorkerSnapshot> make_worker_snapshot(std::shared_ptr<const Snapshot> shared,
                                                     const WorkerSnapshot* before,
                                                     const upstream::PoolEnvironment& environment,
                                                     std::uint64_t seed);

}  // namespace weir::proxy
