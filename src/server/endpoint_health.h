// All that decides from outside a request whether endpoints serve: active checks, the end of
// ejections, slow starts. Owned by the supervisor, on its loop; takes up each new configuration and
// keeps what it knows of the endpoints that stay.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "net/connector.h"
#include "net/timer_wheel.h"
#include "observe/metrics.h"
#include "server/health_checker.h"
#include "server/outlier_watch.h"
#include "server/slow_starts.h"
#include "upstream/cluster.h"

namespace weir::server {

class EndpointHealth {
 public:
  using Clusters = std::vector<std::shared_ptr<upstream::Cluster>>;

  // `cells` are of the supervisor's thread. Everything outlives this.
  EndpointHealth(net::Connector& connector, net::TimerWheel& wheel, const Clock& clock,
                 observe::Registry& registry, observe::Cells& cells, std::uint64_t seed,
                 net::TlsEngine* tls = nullptr);
  EndpointHealth(const EndpointHealth&) = delete;
  EndpointHealth& operator=(const EndpointHealth&) = delete;

  // The clusters in force, with their newest setups: at the start, and after every change of the
  // configuration or of a cluster's endpoints.
  void adopt(const Clusters& clusters);
  // Called before an operator lets the endpoint take requests again: it starts slowly, if its
  // cluster says so.
  void before_return(const upstream::Cluster& cluster, const std::shared_ptr<Endpoint>& endpoint);
  // Every endpoint has a first result: see limits::kFirstChecksWait.
  bool settled() const { return checker_.settled(); }
  // Null when nobody checks the endpoint.
  const EndpointCheck* check_of(const Endpoint& endpoint) const { return checker_.find(endpoint); }

 private:
  void tick();

  net::TimerWheel& wheel_;
  Random random_;
  SlowStarts slow_starts_;
  HealthChecker checker_;
  OutlierWatch outliers_;
  // Of the configuration in force; kept alive, so that no other endpoint takes such an address.
  std::unordered_map<const Endpoint*, std::shared_ptr<Endpoint>> served_;
  bool begun_ = false;
  net::TimerEntry tick_;
};

}  // namespace weir::server
