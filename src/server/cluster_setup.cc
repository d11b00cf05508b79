// Endpoints are told apart by their names; one whose address or kind is another is made anew, and
// takes over what operators have said of the old one.
#include "server/cluster_setup.h"

#include <algorithm>
#include <string>
#include <utility>

namespace weir::server {
namespace {

std::shared_ptr<Endpoint> plan_endpoint(const config::Endpoint& settings,
                                        const ResolvedNames& names,
                                        const upstream::Cluster* known) {
  const std::string name = to_string(settings.address);
  const SocketAddress address = names.at(settings.address);
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

}  // namespace

std::shared_ptr<const upstream::ClusterSetup> plan_setup(const config::Cluster& settings,
                                                         const ResolvedNames& names,
                                                         const upstream::Cluster* known) {
  auto setup = std::make_shared<upstream::ClusterSetup>();
  setup->settings = settings;
  for (const config::Endpoint& endpoint : settings.endpoints) {
    setup->endpoints.push_back(plan_endpoint(endpoint, names, known));
  }
  const bool same =
      known != nullptr && known->settings() == settings && known->endpoints() == setup->endpoints;
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
      const std::uint32_t weight = setup->settings.endpoints[i].weight;
      now.set_weight(before.settings.endpoints[j].weight == weight ? old.weight() : weight);
      now.set_state(old.state());
    }
  }
  cluster.set_setup(std::move(setup));
}

}  // namespace weir::server
