// Hands each part of health the clusters in force, and the time.
#include "server/endpoint_health.h"

#include <utility>

namespace weir::server {
namespace {

constexpr net::TimeMs kTickMs = 100;

}  // namespace

EndpointHealth::EndpointHealth(net::Connector& connector, net::TimerWheel& wheel,
                               const Clock& clock, observe::Registry& registry,
                               observe::Cells& cells, std::uint64_t seed, net::TlsEngine* tls)
    : wheel_(wheel),
      random_(seed),
      checker_({.connector = connector,
                .wheel = wheel,
                .clock = clock,
                .registry = registry,
                .cells = cells,
                .slow_starts = slow_starts_,
                .random = random_,
                .tls = tls}),
      outliers_(registry, cells, slow_starts_),
      tick_([](void* owner) { static_cast<EndpointHealth*>(owner)->tick(); }, this) {}

void EndpointHealth::adopt(const Clusters& clusters) {
  const auto before = std::exchange(served_, {});
  for (const auto& cluster : clusters) {
    for (const auto& endpoint : cluster->endpoints()) {
      served_.emplace(endpoint.get(), endpoint);
      // At the start everybody is new, and nobody slower than the others.
      if (!begun_ || before.contains(endpoint.get())) continue;
      slow_starts_.begin(endpoint, cluster->settings().slow_start, wheel_.now());
    }
  }
  const auto is_new = [&](const Endpoint& endpoint) { return !before.contains(&endpoint); };
  checker_.adopt(clusters, is_new);
  outliers_.adopt(clusters, wheel_.now());
  begun_ = true;
  tick();
}

void EndpointHealth::before_return(const upstream::Cluster& cluster,
                                   const std::shared_ptr<Endpoint>& endpoint) {
  slow_starts_.before_return(endpoint, cluster.settings().slow_start, wheel_.now());
}

void EndpointHealth::tick() {
  outliers_.tick(wheel_.now());
  slow_starts_.tick(wheel_.now());
  wheel_.arm_in(tick_, kTickMs);
}

}  // namespace weir::server
