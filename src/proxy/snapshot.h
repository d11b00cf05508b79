// The configuration as a worker runs it: plans with everything a request needs resolved beforehand
// (cluster pools, edit lists, series), so that an exchange looks nothing up by name. Built by
// server/snapshot_builder, immutable but for the pools inside; every exchange holds the one it
// began with.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <weir/config.h>

#include "http/forwarding.h"
#include "http/h1_parser.h"
#include "http/h1_writer.h"
#include "net/retire_list.h"
#include "observe/exchange_metrics.h"
#include "traffic/redirect.h"
#include "traffic/rewrite.h"
#include "traffic/router.h"
#include "upstream/pool.h"

namespace weir::proxy {

// What connections of one listener go by.
struct ListenerPlan {
  std::uint32_t index = 0;  // of the listener in the file
  const config::Listener* settings = nullptr;
  std::vector<http::Network> trusted;
  http::HeadLimits head_limits;
  http::UnderscorePolicy underscores = http::UnderscorePolicy::drop;
  observe::ExchangeSeries unrouted;  // where requests are counted that reached no route
  // Open connections over all workers: bounds limits.connections, shown as a metric.
  std::shared_ptr<std::atomic<std::uint32_t>> open_connections;

  bool trusts(const IpAddress& peer) const;
};
ListenerPlan make_listener_plan(const config::Listener& listener, std::uint32_t index);

inline constexpr std::uint32_t kNoCluster = ~std::uint32_t{0};

struct RoutePlan {
  const config::Route* settings = nullptr;
  std::uint32_t cluster = kNoCluster;  // index in config::Config::clusters
  std::vector<http::HeadEdit> request_edits;
  std::vector<http::HeadEdit> response_edits;
  std::optional<traffic::PathRewrite> rewrite;
  std::optional<traffic::RedirectTarget> redirect;
  std::vector<observe::ExchangeSeries> series;  // by listener index
};

// One generation of the configuration, shared by all workers.
struct Snapshot {
  std::uint64_t generation = 0;
  config::Config config;  // plans point into it
  std::unique_ptr<const traffic::Router> router;
  std::vector<ListenerPlan> listeners;
  std::vector<RoutePlan> routes;  // in file order, as the router counts them
  std::vector<std::shared_ptr<upstream::Cluster>> clusters;
};

// The same with this worker's own part: its connections to each cluster.
struct WorkerSnapshot final : net::Retirable {
  std::shared_ptr<const Snapshot> shared;
  std::vector<std::unique_ptr<upstream::ClusterPool>> pools;  // by cluster index
};

// The edits of one section of the file as the writer wants them; views point into `edits`.
std::vector<http::HeadEdit> compile_edits(const config::HeaderEdits& edits);

}  // namespace weir::proxy
