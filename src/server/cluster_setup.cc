// Endpoints are told apart by their names; one whose address, kind or origin is another is made
// anew, and takes over what operators have said of the old one.
#include "server/cluster_setup.h"

#include <algorithm>
#include <string>
#include <utility>

namespace weir::server {
namespace {

std::shared_ptr<Endpoint> plan_endpoint(const EntryEndpoint& wanted,
                                        const upstream::Cluster* known) {
  if (known != nullptr) {
    for (const auto& endpoint : known->endpoints()) {
      if (endpoint->name() == wanted.name && endpoint->address() == wanted.address &&
          endpoint->backup() == wanted.backup && endpoint->from() == wanted.from) {
        return endpoint;
      }
    }
  }
  return std::make_shared<Endpoint>(wanted.name, wanted.address, wanted.weight, wanted.backup,
                                    wanted.from);
}

// Names may stand for an address that is there already.
bool is_there(const upstream::ClusterSetup& setup, const EntryEndpoint& wanted) {
  return std::ranges::any_of(setup.endpoints, [&](const auto& endpoint) {
    return endpoint->name() == wanted.name ||
           (!wanted.from.empty() && endpoint->address() == wanted.address);
  });
}

}  // namespace

std::shared_ptr<const upstream::ClusterSetup> plan_setup(
    const config::Cluster& settings, const KnownNames& names, const upstream::Cluster* known,
    std::shared_ptr<const net::TlsClientContext> tls) {
  auto setup = std::make_shared<upstream::ClusterSetup>();
  setup->tls = std::move(tls);
  setup->settings = settings;
  for (std::size_t entry = 0; entry < settings.endpoints.size(); ++entry) {
    for (const EntryEndpoint& wanted : endpoints_of(settings.endpoints[entry], names)) {
      if (is_there(*setup, wanted)) continue;
      setup->endpoints.push_back(plan_endpoint(wanted, known));
      setup->memberships.push_back({.entry = entry, .weight = wanted.weight});
    }
  }
  const bool same = known != nullptr && known->settings() == settings &&
                    known->endpoints() == setup->endpoints && known->setup()->tls == setup->tls &&
                    known->setup()->memberships == setup->memberships;
  if (same) return known->setup();
  return setup;
}

void put_in_force(upstream::Cluster& cluster, std::shared_ptr<const upstream::ClusterSetup> setup) {
  const upstream::ClusterSetup& before = *cluster.setup();
  if (cluster.setup() == setup) return;
  for (std::size_t i = 0; i < setup->endpoints.size(); ++i) {
    Endpoint& now = *setup->endpoints[i];
    for (std::size_t j = 0; j < before.endpoints.size(); ++j) {
      const Endpoint& old = *before.endpoints[j];
      if (old.name() != now.name()) continue;
      const std::uint32_t weight = setup->memberships[i].weight;
      now.set_weight(before.memberships[j].weight == weight ? old.weight() : weight);
      now.set_state(old.state());
    }
  }
  cluster.set_setup(std::move(setup));
}

}  // namespace weir::server
