// One look at every cluster: who has been ejected, who comes back, who fails more than the others.
#include "server/outlier_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "observe/log.h"
#include "upstream/outliers.h"

namespace weir::server {
namespace {

std::string words_of_fault(const Fault& fault) {
  if (fault.code != Errc::none) return std::string(words_of(fault.code));
  if (fault.grpc_status != 0) return fmt::format("gRPC status {}", fault.grpc_status);
  return fmt::format("status {}", fault.status);
}

std::string duration(net::TimeMs ms) {
  return ms % 1000 == 0 ? fmt::format("{} s", ms / 1000) : fmt::format("{} ms", ms);
}

double percent(const Conduct::Tally& tally) {
  return tally.requests == 0
             ? 100.0
             : 100.0 * (tally.requests - std::min(tally.failures, tally.requests)) / tally.requests;
}

}  // namespace

void OutlierWatch::adopt(const std::vector<std::shared_ptr<upstream::Cluster>>& clusters,
                         net::TimeMs now) {
  std::unordered_map<const Endpoint*, Watched> known;
  std::unordered_map<const upstream::Cluster*, net::TimeMs> due;
  for (Group& group : groups_) {
    due[group.cluster.get()] = group.rates_due;
    for (Watched& one : group.endpoints) known[one.endpoint.get()] = std::move(one);
  }
  groups_.clear();
  for (const auto& cluster : clusters) {
    Group& group = groups_.emplace_back();
    group.cluster = cluster;
    const auto interval = static_cast<net::TimeMs>(group.settings().outlier.interval.count());
    group.rates_due = due.contains(cluster.get()) ? due[cluster.get()] : now + interval;
    for (const auto& endpoint : cluster->endpoints()) {
      Watched watched = std::move(known[endpoint.get()]);
      if (watched.endpoint == nullptr) {
        watched.endpoint = endpoint;
        watched.ejections = registry_.counter(
            "weir_endpoint_ejections_total", "Times an endpoint was ejected for failing requests.",
            {{"cluster", cluster->name()}, {"endpoint", endpoint->name()}});
      }
      if (!group.settings().outlier.enabled && endpoint->ejected()) bring_back(group, watched, now);
      group.endpoints.push_back(std::move(watched));
    }
  }
  waiting_ = true;  // look at all of them once
}

void OutlierWatch::tick(net::TimeMs now) {
  for (Group& group : groups_) {
    if (group.settings().outlier.success_rate && now >= group.rates_due) compare_rates(group, now);
  }
  const std::uint64_t changes = Endpoint::changes();
  if (changes == seen_changes_ && !waiting_) return;
  seen_changes_ = changes;
  waiting_ = false;
  for (Group& group : groups_) waiting_ = look(group, now) || waiting_;
}

bool OutlierWatch::look(Group& group, net::TimeMs now) {
  bool any_ejected = false, any_forced = false, any_well = false;
  for (Watched& watched : group.endpoints) {
    Endpoint& endpoint = *watched.endpoint;
    if (endpoint.conduct().ejections() != watched.told) {
      const std::uint32_t in_a_row = group.settings().outlier.consecutive_failures;
      tell(group, watched,
           fmt::format("{} failures in a row, last: {}", in_a_row,
                       words_of_fault(endpoint.conduct().last_fault())));
    }
    if (endpoint.ejected() && now >= endpoint.conduct().ejected_until_ms()) {
      bring_back(group, watched, now);
    }
    any_ejected = any_ejected || endpoint.ejected();
    any_forced = any_forced || endpoint.forced();
    any_well = any_well || (endpoint.well() && endpoint.in_service());
  }
  const bool use_all = group.settings().when_all_unhealthy == config::WhenAllUnhealthy::use_all;
  if (any_forced && (any_well || !use_all)) {
    for (const Watched& watched : group.endpoints) watched.endpoint->set_forced(false);
    observe::log_info("cluster {}: endpoints are well again, the others no longer serve",
                      group.cluster->name());
    any_forced = false;
  }
  return any_ejected || any_forced;
}

void OutlierWatch::tell(const Group& group, Watched& watched, std::string_view why) {
  const Conduct& conduct = watched.endpoint->conduct();
  const std::uint32_t ejections = conduct.ejections();
  cells_.add(watched.ejections, ejections - watched.told);
  watched.told = ejections;
  const net::TimeMs time = upstream::ejection_ms(group.settings().outlier, conduct.step());
  observe::log_warn("cluster {} endpoint {}: ejected for {}: {}", group.cluster->name(),
                    watched.endpoint->name(), duration(time), why);
}

void OutlierWatch::bring_back(const Group& group, const Watched& watched, net::TimeMs now) {
  Endpoint& endpoint = *watched.endpoint;
  endpoint.conduct().come_back(now);
  slow_starts_.before_return(watched.endpoint, group.settings().slow_start, now);
  endpoint.set_ejected(false);
  observe::log_info("cluster {} endpoint {}: no longer ejected", group.cluster->name(),
                    endpoint.name());
}

// Each against the mean of the others, so that two endpoints are enough and one bad one does not
// lower its own measure.
void OutlierWatch::compare_rates(Group& group, net::TimeMs now) {
  const config::Outlier& outlier = group.settings().outlier;
  group.rates_due = now + static_cast<net::TimeMs>(outlier.interval.count());
  std::vector<Conduct::Tally> tallies;
  double sum = 0;
  std::size_t judged = 0;
  for (const Watched& watched : group.endpoints) {
    tallies.push_back(watched.endpoint->conduct().take_tally());
    if (tallies.back().requests < outlier.success_rate->min_requests) continue;
    sum += percent(tallies.back());
    ++judged;
  }
  if (judged < 2 || !outlier.enabled) return;
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    if (tallies[i].requests < outlier.success_rate->min_requests) continue;
    const double own = percent(tallies[i]);
    const double others = (sum - own) / static_cast<double>(judged - 1);
    if (own > others - outlier.success_rate->below_percent) continue;
    Watched& watched = group.endpoints[i];
    if (!upstream::eject(*group.cluster, *group.cluster->setup(), *watched.endpoint, now)) continue;
    tell(group, watched,
         fmt::format("{:.0f} % of its requests succeeded, {:.0f} % of the others'", own, others));
  }
}

}  // namespace weir::server
