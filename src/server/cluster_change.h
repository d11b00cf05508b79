// The last step of every change of endpoints while the process runs, whoever made it: workers go on
// with what clusters have become, and so do copies to them. Called by the admin API and by
// NameWatch, on the supervisor's thread. Never plans or decides anything.
#pragma once

#include <memory>
#include <span>

#include "server/process_state.h"

namespace weir::server {

using ClusterPtr = std::shared_ptr<upstream::Cluster>;

// When it returns, workers go by the clusters' newest setups. With no cluster: by what became of
// endpoints' states.
void tell_workers(const ProcessState& state, std::span<const ClusterPtr> changed = {});

}  // namespace weir::server
