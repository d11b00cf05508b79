// Passive health: which endpoint is left out, and for how long, for what requests told of it.
// Called by the worker that saw a failure and by the supervisor for success rates; bringing
// endpoints back is the supervisor's. Knows nothing of why a request failed.
#pragma once

#include <weir/endpoint.h>

#include "net/timer_wheel.h"
#include "upstream/cluster.h"

namespace weir::upstream {

// How long an ejection lasts after so many doublings.
net::TimeMs ejection_ms(const config::Outlier& outlier, std::uint32_t step);

// Ejects the endpoint of `setup` unless it is out already, too many are, or another thread ejects
// one of the cluster's at this moment. True when it did.
bool eject(Cluster& cluster, const ClusterSetup& setup, Endpoint& endpoint, net::TimeMs now);

// Notes how a request to the endpoint went; `fault` is empty when it went well. Ejects it when that
// was one failure too many.
void judge(Cluster& cluster, const ClusterSetup& setup, Endpoint& endpoint, Fault fault,
           net::TimeMs now);

}  // namespace weir::upstream
