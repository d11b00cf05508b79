// What becomes of a route's requests, with everything a request needs resolved beforehand: indexes
// of clusters, edit lists, splits, mirrors, series. Made once per snapshot by RoutePlanner and
// the server (series), then immutable but for the counts and weights it shares.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <weir/config.h>
#include <weir/variant.h>

#include "http/h1_writer.h"
#include "observe/exchange_metrics.h"
#include "observe/grpc_metrics.h"
#include "observe/mirror_metrics.h"
#include "observe/rate_limit_metrics.h"
#include "observe/split_metrics.h"
#include "observe/tunnel_metrics.h"
#include "proxy/mirror_load.h"
#include "traffic/rate_limiter.h"
#include "traffic/redirect.h"
#include "traffic/rewrite.h"
#include "traffic/split.h"
#include "upstream/cluster.h"

namespace weir::proxy {

inline constexpr std::uint32_t kNoCluster = ~std::uint32_t{0};

struct VariantPlan {
  const config::Variant* settings = nullptr;
  std::uint32_t cluster = kNoCluster;           // index in config::Config::clusters
  std::vector<observe::ExchangeSeries> series;  // by listener index
  observe::GrpcSeries grpc;
  observe::VariantSeries counts;
};

struct SplitPlan {
  explicit SplitPlan(const config::Route& route) : split(route.split, route.name) {}

  const traffic::Split split;
  std::vector<VariantPlan> variants;               // in file order; the first is the stable one
  std::shared_ptr<traffic::SplitWeights> weights;  // in force
  std::optional<http::HeadEdit> hide_override;     // a tester's secret is Weir's business alone
  observe::OverrideSeries overrides;
};

struct MirrorPlan {
  const config::Mirror* settings = nullptr;
  const config::Route* route = nullptr;
  std::uint32_t index = 0;  // of the mirror among all of the snapshot's
  // The mirror's own counts and pools, so that its connections are nobody else's; the endpoints
  // are the cluster's.
  std::shared_ptr<upstream::Cluster> cluster;
  std::shared_ptr<const upstream::ClusterSetup> setup;
  std::shared_ptr<const upstream::ClusterSetup> original;  // the cluster's, which setup is made of
  std::vector<http::HeadEdit> edits;
  std::shared_ptr<MirrorLoad> load;
  observe::MirrorSeries series;
};

struct RateLimitPlan {
  std::shared_ptr<traffic::RateLimiter> limiter;
  observe::RateLimitSeries series;
};

struct RoutePlan {
  const config::Route* settings = nullptr;
  std::uint32_t cluster = kNoCluster;  // without a split
  std::unique_ptr<SplitPlan> split;
  std::vector<MirrorPlan> mirrors;
  std::optional<RateLimitPlan> rate_limit;
  std::vector<http::HeadEdit> request_edits;
  std::vector<http::HeadEdit> response_edits;
  std::span<const http::HeadEdit> response_defaults;  // where the origin sets none; static
  // Of answers of our own, where the route gives them: the same, as they stand there.
  std::vector<http::HeadEdit> own_fields;
  std::string hsts;  // value of Strict-Transport-Security; empty = not sent
  std::optional<traffic::PathRewrite> rewrite;
  std::optional<traffic::RedirectTarget> redirect;
  std::vector<observe::ExchangeSeries> series;  // by listener index, of requests with no variant
  observe::GrpcSeries grpc;                     // of the same
  observe::TunnelSeries tunnels;
};

// The edits of one section of the file as the writer wants them; views point into `edits`.
std::vector<http::HeadEdit> compile_edits(const config::HeaderEdits& edits);

// A cluster as a mirror's target: nobody waits for a connection and none is refused one.
std::shared_ptr<const upstream::ClusterSetup> mirror_setup(upstream::ClusterSetup setup);

// The clusters of a file, in its order, and what each of them is as this file begins; later changes
// reach workers by message.
struct PlannedClusters {
  std::vector<std::shared_ptr<upstream::Cluster>> clusters;
  std::vector<std::shared_ptr<const upstream::ClusterSetup>> setups;
};

// Makes the plans of a file's routes, in its order.
class RoutePlanner {
 public:
  // `before`: the plans in force, whose mirrors go on with their connections and counts, and whose
  // unchanged rate limits with their buckets. Both outlive the planner.
  RoutePlanner(const PlannedClusters& planned, std::span<const RoutePlan> before);

  // The error says what is wrong with the route. Weights are the file's, and nothing is counted,
  // until somebody puts others and series in. `route` outlives the plan.
  std::expected<RoutePlan, std::string> plan(const config::Route& route);

 private:
  std::unique_ptr<SplitPlan> plan_split(const config::Route& route) const;
  MirrorPlan plan_mirror(const config::Mirror& mirror, const config::Route& route);
  RateLimitPlan plan_rate_limit(const config::Route& route) const;
  const RoutePlan* route_before(const config::Route& route) const;
  const MirrorPlan* mirror_before(const config::Mirror& mirror, const config::Route& route) const;

  const PlannedClusters& planned_;
  std::unordered_map<std::string_view, std::uint32_t> indexes_;  // of clusters
  std::unordered_map<std::string_view, const RoutePlan*> routes_before_;
  std::uint32_t mirrors_ = 0;
};

}  // namespace weir::proxy
