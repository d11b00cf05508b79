// The rules of ejection: how many at most, never the last one, each time longer than before.
#include "upstream/outliers.h"

#include <algorithm>

namespace weir::upstream {
namespace {

constexpr std::uint32_t kStepsMost = 20;  // 10 s become four months

bool may_eject(const ClusterSetup& setup, const Endpoint& endpoint) {
  if (!endpoint.takes_requests() || endpoint.forced()) return false;
  const auto percent = static_cast<std::size_t>(setup.settings.outlier.max_ejected_percent);
  std::size_t ejected = 0;
  bool another = false;
  for (const auto& one : setup.endpoints) {
    ejected += one->ejected() ? 1 : 0;
    another = another || (one.get() != &endpoint && one->takes_requests());
  }
  if (!another && percent < 100) return false;
  return (ejected + 1) * 100 <= setup.endpoints.size() * percent;
}

// A step back for every such time that the endpoint has served since.
std::uint32_t steps_so_far(const Conduct& conduct, std::uint64_t first, net::TimeMs now) {
  if (conduct.ejections() == 0) return 0;
  const std::uint64_t served = now - std::min<std::uint64_t>(conduct.back_since_ms(), now);
  const std::uint64_t steps = conduct.step() + std::uint64_t{1};
  return static_cast<std::uint32_t>(steps - std::min(steps, served / first));
}

void eject_for(const config::Outlier& outlier, Endpoint& endpoint, net::TimeMs now) {
  const auto first = static_cast<std::uint64_t>(outlier.ejection.count());
  const std::uint32_t step = std::min(steps_so_far(endpoint.conduct(), first, now), kStepsMost);
  endpoint.conduct().eject(now + ejection_ms(outlier, step), step);
  endpoint.set_ejected(true);
}

}  // namespace

net::TimeMs ejection_ms(const config::Outlier& outlier, std::uint32_t step) {
  const auto first = static_cast<net::TimeMs>(outlier.ejection.count());
  return std::min(first << step, static_cast<net::TimeMs>(outlier.max_ejection.count()));
}

bool eject(Cluster& cluster, const ClusterSetup& setup, Endpoint& endpoint, net::TimeMs now) {
  if (!cluster.begin_ejecting()) return false;
  const bool allowed = may_eject(setup, endpoint);
  if (allowed) eject_for(setup.settings.outlier, endpoint, now);
  cluster.end_ejecting();
  return allowed;
}

void judge(Cluster& cluster, const ClusterSetup& setup, Endpoint& endpoint, Fault fault,
           net::TimeMs now) {
  const config::Outlier& outlier = setup.settings.outlier;
  if (!outlier.enabled) return;
  const auto failed = static_cast<bool>(fault);
  Conduct& conduct = endpoint.conduct();
  if (outlier.success_rate) conduct.tally(failed);
  if (!failed) {
    conduct.succeed();
    return;
  }
  const std::uint32_t in_a_row = conduct.fail(fault);
  if (outlier.consecutive_failures == 0 || in_a_row < outlier.consecutive_failures) return;
  eject(cluster, setup, endpoint, now);
}

}  // namespace weir::upstream
