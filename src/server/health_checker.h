// Active health checks: one prober for the whole process, on the supervisor's loop, one state
// machine per endpoint. What it finds it writes into the endpoints, where all workers read it, and
// into the log and the counters. Never ejects and never brings back what requests have ejected.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <weir/config.h>
#include <weir/endpoint.h>

#include "base/clock.h"
#include "base/random.h"
#include "net/connector.h"
#include "net/timer_wheel.h"
#include "observe/metrics.h"
#include "server/health_probe.h"
#include "server/health_state.h"
#include "server/slow_starts.h"
#include "upstream/cluster.h"

namespace weir::server {

class ClusterChecks;

// What the checks need of the process. Everything outlives them.
struct HealthEnvironment {
  net::Connector& connector;
  net::TimerWheel& wheel;
  const Clock& clock;
  observe::Registry& registry;
  observe::Cells& cells;
  SlowStarts& slow_starts;
  Random& random;
  net::TlsEngine* tls = nullptr;  // null where no cluster has TLS
};

// The checks of one endpoint.
class EndpointCheck final : ProbeEvents {
 public:
  EndpointCheck(ClusterChecks& cluster, std::shared_ptr<Endpoint> endpoint, Health health);
  EndpointCheck(const EndpointCheck&) = delete;
  EndpointCheck& operator=(const EndpointCheck&) = delete;

  // The next check comes at once; also after the settings have changed.
  void begin();

  const std::shared_ptr<Endpoint>& endpoint() const { return endpoint_; }
  Health health() const { return state_.health(); }
  // No first result yet, and the time for one is over.
  bool grace_is_over() const { return grace_over_; }
  // Has it been taken out since it last served? Asking forgets. One that was only held back until
  // its first result was not.
  bool take_was_out() { return std::exchange(was_out_, false); }

  struct Last {
    bool any = false;
    ProbeResult result;
    std::uint64_t at_wall_ms = 0;  // when it ended
    net::TimeMs took_ms = 0;
  };
  const Last& last() const { return last_; }

 private:
  void probe();
  void on_probe_result(const ProbeResult& result) override;
  void on_grace_over();
  void report_change(Health before) const;
  net::TimeMs until_next() const;

  ClusterChecks& cluster_;
  const std::shared_ptr<Endpoint> endpoint_;
  HealthState state_;
  HealthProbe probe_;
  net::TimerEntry next_;
  net::TimerEntry grace_;
  net::TimeMs began_ = 0;  // the last check
  bool grace_over_ = false;
  bool was_out_ = false;
  Last last_;
  observe::CounterId successes_, failures_, timeouts_;
};

// The checks of one cluster.
class ClusterChecks {
 public:
  ClusterChecks(const HealthEnvironment& environment, std::string name)
      : environment_(environment), name_(std::move(name)) {}

  const HealthEnvironment& environment() const { return environment_; }
  const std::string& name() const { return name_; }
  const CheckPlan& plan() const { return *plan_; }

  // Takes up the cluster's settings and endpoints. `is_new`: has this endpoint never served?
  void adopt(const upstream::ClusterSetup& setup,
             const std::function<bool(const Endpoint&)>& is_new);
  // Lets every endpoint serve or not, as is known by now. One without a result serves only while
  // no other is known to be well.
  void settle();
  bool settled() const;
  const std::vector<std::unique_ptr<EndpointCheck>>& checks() const { return checks_; }

 private:
  void let_serve(EndpointCheck& check, bool serves);

  const HealthEnvironment& environment_;
  const std::string name_;
  std::unique_ptr<const CheckPlan> plan_;
  config::Millis slow_start_{0};
  std::vector<std::unique_ptr<EndpointCheck>> checks_;
};

class HealthChecker {
 public:
  explicit HealthChecker(const HealthEnvironment& environment) : environment_(environment) {}

  // The clusters in force. Checks of endpoints that stay go on as they were.
  void adopt(const std::vector<std::shared_ptr<upstream::Cluster>>& clusters,
             const std::function<bool(const Endpoint&)>& is_new);
  // Every endpoint has had its first result, or its grace is over.
  bool settled() const;
  // Null when nobody checks it.
  const EndpointCheck* find(const Endpoint& endpoint) const;

 private:
  const HealthEnvironment environment_;
  // By identity: a cluster stays the same object through reloads.
  std::map<std::shared_ptr<upstream::Cluster>, std::unique_ptr<ClusterChecks>> clusters_;
  std::unordered_map<const Endpoint*, const EndpointCheck*> by_endpoint_;
};

}  // namespace weir::server
