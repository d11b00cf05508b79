// From clusters to the messages that workers get.
#include "server/cluster_change.h"

#include <vector>

namespace weir::server {

void tell_workers(const ProcessState& state, std::span<const ClusterPtr> changed) {
  std::vector<proxy::ClusterUpdate> updates;
  for (const ClusterPtr& cluster : changed) {
    updates.push_back({cluster, cluster->setup()});
    for (const proxy::RoutePlan& route : state.snapshot->routes) {
      for (const proxy::MirrorPlan& mirror : route.mirrors) {
        if (mirror.settings->cluster != cluster->name()) continue;
        updates.push_back({mirror.cluster, proxy::mirror_setup(*cluster->setup())});
      }
    }
  }
  if (state.update_clusters) state.update_clusters(updates);
}

}  // namespace weir::server
