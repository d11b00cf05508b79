// When each endpoint is asked, and what follows from the answers.
#include "server/health_checker.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "observe/log.h"

namespace weir::server {

std::string_view name_of(Health health) {
  switch (health) {
    case Health::unknown:
      return "unknown";
    case Health::healthy:
      return "healthy";
    case Health::unhealthy:
      return "unhealthy";
  }
  return "";
}

// --- one endpoint ---

EndpointCheck::EndpointCheck(ClusterChecks& cluster, std::shared_ptr<Endpoint> endpoint,
                             Health health)
    : cluster_(cluster),
      endpoint_(std::move(endpoint)),
      state_(health),
      probe_(cluster.environment().connector, cluster.environment().wheel,
             cluster.environment().tls, *this),
      next_([](void* owner) { static_cast<EndpointCheck*>(owner)->probe(); }, this),
      grace_([](void* owner) { static_cast<EndpointCheck*>(owner)->on_grace_over(); }, this) {
  const auto counter = [&](std::string_view result) {
    return cluster.environment().registry.counter(
        "weir_health_checks_total", "Health checks by their result.",
        {{"cluster", cluster.name()}, {"endpoint", endpoint_->name()}, {"result", result}});
  };
  successes_ = counter("success");
  failures_ = counter("failure");
  timeouts_ = counter("timeout");
  if (health == Health::unknown) {
    const auto grace = static_cast<net::TimeMs>(cluster.plan().settings.grace.count());
    grace_over_ = grace == 0;
    if (grace > 0) cluster.environment().wheel.arm_in(grace_, grace);
  }
}

void EndpointCheck::begin() {
  probe_.cancel();
  probe();
}

void EndpointCheck::probe() {
  began_ = cluster_.environment().wheel.now();
  probe_.begin(cluster_.plan(), *endpoint_);
}

void EndpointCheck::on_probe_result(const ProbeResult& result) {
  const HealthEnvironment& environment = cluster_.environment();
  if (result.kind == ProbeResult::Kind::stalled) {
    probe();
    return;
  }
  const net::TimeMs now = environment.wheel.now();
  last_ = {.any = true,
           .result = result,
           .at_wall_ms = environment.clock.wall_ms(),
           .took_ms = now - began_};
  const bool success = result.kind == ProbeResult::Kind::success;
  const bool timeout = result.kind == ProbeResult::Kind::timeout;
  environment.cells.add(success ? successes_ : timeout ? timeouts_ : failures_);
  const Health before = state_.health();
  if (state_.take(success, cluster_.plan().settings)) {
    grace_.cancel();
    was_out_ = was_out_ || !success;
    report_change(before);
    cluster_.settle();
  }
  environment.wheel.arm(next_, std::max(began_ + until_next(), now));
}

void EndpointCheck::on_grace_over() {
  grace_over_ = was_out_ = true;
  observe::log_warn("cluster {} endpoint {}: no check has ended within {} ms: not used",
                    cluster_.name(), endpoint_->name(), cluster_.plan().settings.grace.count());
  cluster_.settle();
}

void EndpointCheck::report_change(Health before) const {
  const std::string& cluster = cluster_.name();
  const std::string& endpoint = endpoint_->name();
  if (state_.health() == Health::unhealthy) {
    observe::log_warn("cluster {} endpoint {}: unhealthy: {} {} failed, last: {}", cluster,
                      endpoint, state_.failures(), state_.failures() == 1 ? "check" : "checks",
                      last_.result.cause);
    return;
  }
  // What was expected at the start is not told a thousand times.
  const auto level =
      before == Health::unknown && !grace_over_ ? config::LogLevel::debug : config::LogLevel::info;
  observe::log_at(level, "cluster {} endpoint {}: healthy: {} {} succeeded", cluster, endpoint,
                  state_.successes(), state_.successes() == 1 ? "check" : "checks");
}

// Give or take a tenth, so that the checks of many endpoints, and of many Weirs, drift apart.
net::TimeMs EndpointCheck::until_next() const {
  const config::HealthCheck& settings = cluster_.plan().settings;
  const auto interval = static_cast<std::uint32_t>(
      (state_.failing() ? settings.unhealthy_interval : settings.interval).count());
  return interval - interval / 10 + cluster_.environment().random.below(interval / 5 + 1);
}

// --- one cluster ---

void ClusterChecks::adopt(const upstream::ClusterSetup& setup,
                          const std::function<bool(const Endpoint&)>& is_new) {
  slow_start_ = setup.settings.slow_start;
  const bool same = plan_ != nullptr && plan_->is_for(setup);
  std::unique_ptr<const CheckPlan> old_plan;  // until no check uses it
  if (!same) {
    old_plan = std::exchange(plan_, std::make_unique<const CheckPlan>(setup));
  }
  std::unordered_map<const Endpoint*, std::unique_ptr<EndpointCheck>> known;
  for (auto& check : checks_) known.emplace(check->endpoint().get(), std::move(check));
  checks_.clear();
  for (const auto& endpoint : setup.endpoints) {
    auto check = std::move(known[endpoint.get()]);
    const bool begins = check == nullptr || !same;
    if (check == nullptr) {
      const Health health = is_new(*endpoint) ? Health::unknown : Health::healthy;
      check = std::make_unique<EndpointCheck>(*this, endpoint, health);
    }
    if (begins) check->begin();
    checks_.push_back(std::move(check));
  }
  settle();
}

void ClusterChecks::settle() {
  const bool any_well = std::ranges::any_of(checks_, [](const auto& check) {
    return check->health() == Health::healthy && check->endpoint()->in_service();
  });
  for (const auto& check : checks_) {
    const bool unknown_serves = !any_well && !check->grace_is_over();
    let_serve(*check, check->health() == Health::unknown ? unknown_serves
                                                         : check->health() == Health::healthy);
  }
}

void ClusterChecks::let_serve(EndpointCheck& check, bool serves) {
  const std::shared_ptr<Endpoint>& endpoint = check.endpoint();
  if (endpoint->healthy() == serves) return;
  if (serves && check.take_was_out()) {
    environment_.slow_starts.before_return(endpoint, slow_start_, environment_.wheel.now());
  }
  endpoint->set_healthy(serves);
}

bool ClusterChecks::settled() const {
  return std::ranges::all_of(checks_, [](const auto& check) {
    return check->health() != Health::unknown || check->grace_is_over();
  });
}

// --- all of them ---

void HealthChecker::adopt(const std::vector<std::shared_ptr<upstream::Cluster>>& clusters,
                          const std::function<bool(const Endpoint&)>& is_new) {
  auto before = std::exchange(clusters_, {});
  by_endpoint_.clear();
  for (const auto& cluster : clusters) {
    const auto& setup = cluster->setup();
    if (!setup->settings.health_check) {
      for (const auto& endpoint : setup->endpoints) endpoint->set_healthy(true);
      continue;
    }
    auto checks = std::move(before[cluster]);
    if (checks == nullptr) checks = std::make_unique<ClusterChecks>(environment_, cluster->name());
    checks->adopt(*setup, is_new);
    for (const auto& check : checks->checks()) by_endpoint_[check->endpoint().get()] = check.get();
    clusters_.emplace(cluster, std::move(checks));
  }
}

bool HealthChecker::settled() const {
  return std::ranges::all_of(clusters_, [](const auto& entry) { return entry.second->settled(); });
}

const EndpointCheck* HealthChecker::find(const Endpoint& endpoint) const {
  const auto found = by_endpoint_.find(&endpoint);
  return found == by_endpoint_.end() ? nullptr : found->second;
}

}  // namespace weir::server
