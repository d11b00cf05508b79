// Finding what is meant, asking whether it may be, doing it, and waiting for the last request.
#include "server/endpoints_resource.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <expected>
#include <utility>

#include "base/clock.h"
#include "config/quantities.h"
#include "observe/log.h"
#include "server/cluster_change.h"
#include "server/cluster_setup.h"
#include "server/endpoint_names.h"
#include "server/endpoint_wishes.h"
#include "server/error_words.h"

namespace weir::server {
namespace {

using EndpointPtr = std::shared_ptr<Endpoint>;
using Refused = std::unexpected<AdminAnswer>;

constexpr std::string_view kWishExample =
    R"(send {"state": "active|draining|down", "weight": N}, one of them or both)";

std::expected<ClusterPtr, AdminAnswer> find_cluster(const AdminCall& call) {
  std::vector<std::string_view> names;
  for (const auto& cluster : call.state.snapshot->clusters) {
    if (cluster->name() == call.names[0]) return cluster;
    names.push_back(cluster->name());
  }
  return Refused(refuse(
      404, fmt::format("no cluster '{}'; clusters: {}", call.names[0], fmt::join(names, ", "))));
}

std::vector<std::string> names_of(const upstream::Cluster& cluster) {
  std::vector<std::string> names;
  for (const auto& endpoint : cluster.endpoints()) names.push_back(endpoint->name());
  return names;
}

struct Found {
  ClusterPtr cluster;
  EndpointPtr endpoint;
};

std::expected<Found, AdminAnswer> find_endpoint(const AdminCall& call) {
  const auto cluster = find_cluster(call);
  if (!cluster) return Refused(cluster.error());
  for (const auto& endpoint : (*cluster)->endpoints()) {
    if (endpoint->name() == call.names[1]) return Found{*cluster, endpoint};
  }
  return Refused(
      refuse(404, fmt::format("no endpoint '{}' in cluster '{}'; endpoints: {}", call.names[1],
                              call.names[0], fmt::join(names_of(**cluster), ", "))));
}

Json one_document(const ProcessState& state, const Found& found) {
  Json json = {{"cluster", found.cluster->name()}};
  json.update(endpoint_document(state, *found.cluster, *found.endpoint));
  return json;
}

std::size_t available(const std::vector<EndpointPtr>& endpoints) {
  return static_cast<std::size_t>(std::ranges::count_if(
      endpoints, [](const auto& endpoint) { return endpoint->takes_requests(); }));
}

// Why a change that leaves `after` endpoints taking requests may not be; nothing when it may.
std::string too_few(const upstream::Cluster& cluster, std::size_t after) {
  const std::size_t least = cluster.settings().min_available;
  if (after >= least || after >= available(cluster.endpoints())) return {};
  return fmt::format(
      "cluster '{}' would be left with {} endpoint{} taking requests, and its min_available is {}: "
      "bring another one back first, or insist (force=true; weir drain --force)",
      cluster.name(), after, after == 1 ? "" : "s", least);
}

std::string why_not_drained(const Endpoint& endpoint, std::chrono::milliseconds timeout) {
  const std::uint32_t left = endpoint.in_flight();
  return fmt::format("{} request{} still in flight at {} after {}; it stays {}", left,
                     left == 1 ? " is" : "s are", endpoint.name(), config::format_duration(timeout),
                     name_of(endpoint.state()));
}

// Waits for the last request at an endpoint that takes no new ones.
class Drained final : public LaterAnswer {
 public:
  Drained(const ProcessState& state, Found found, std::chrono::milliseconds timeout)
      : state_(state),
        found_(std::move(found)),
        timeout_(timeout),
        until_ns_(SystemClock().mono_ns() +
                  static_cast<std::uint64_t>(std::chrono::nanoseconds(timeout).count())) {}

  std::optional<AdminAnswer> look() override {
    const Endpoint& endpoint = *found_.endpoint;
    if (setting_of(endpoint).takes_requests()) {
      return told(409, fmt::format("{} takes requests again: somebody has brought it back",
                                   endpoint.name()));
    }
    if (endpoint.in_flight() == 0) {
      observe::log_info("admin: endpoint {} of cluster {} is drained", endpoint.name(),
                        found_.cluster->name());
      return json_answer(print(one_document(state_, found_)));
    }
    if (SystemClock().mono_ns() < until_ns_) return {};
    return told(504, why_not_drained(endpoint, timeout_));
  }

 private:
  AdminAnswer told(int status, const std::string& why) const {
    observe::log_warn("admin: cluster {}: {}", found_.cluster->name(), why);
    Json json = one_document(state_, found_);
    json["error"] = why;
    return json_answer(print(json), status);
  }

  const ProcessState& state_;
  const Found found_;
  const std::chrono::milliseconds timeout_;
  const std::uint64_t until_ns_;
};

// The change that the wish means, or why it may not be.
std::expected<EndpointSetting, AdminAnswer> judge(const Found& found, const EndpointWish& wish,
                                                  const EndpointOptions& options) {
  const Endpoint& endpoint = *found.endpoint;
  const EndpointSetting to{.state = wish.state.value_or(endpoint.state()),
                           .weight = wish.weight.value_or(endpoint.weight())};
  if (options.wait && to.takes_requests()) {
    return Refused(refuse(400,
                          "wait=drained, and the endpoint would go on taking requests: send "
                          "{\"state\": \"draining\"}"));
  }
  if (options.force || to.takes_requests() || !endpoint.takes_requests()) return to;
  std::string why = too_few(*found.cluster, available(found.cluster->endpoints()) - 1);
  if (!why.empty()) return Refused(refuse(409, std::move(why)));
  return to;
}

constexpr std::string_view kSetExample =
    R"(send {"endpoints": ["10.0.0.1:8080", {"address": "10.0.0.2:8080", "weight": 3}]})";

// The cluster with the set that is wanted: what an entry leaves out stays as it is, and is the
// default where the endpoint is new.
config::Cluster with_set(const upstream::Cluster& cluster, const std::vector<WantedEndpoint>& set) {
  config::Cluster settings = cluster.settings();
  const std::vector<config::Endpoint> before = std::exchange(settings.endpoints, {});
  for (const WantedEndpoint& wanted : set) {
    config::Endpoint endpoint = wanted.place;
    const auto old = std::ranges::find_if(
        before, [&](const config::Endpoint& one) { return one.same_place(wanted.place); });
    if (old != before.end()) endpoint = *old;
    endpoint.weight = wanted.weight.value_or(endpoint.weight);
    endpoint.backup = wanted.backup.value_or(endpoint.backup);
    settings.endpoints.push_back(std::move(endpoint));
  }
  return settings;
}

// How many endpoints will take requests when the set is in force, planned as `setup`.
std::size_t available_then(const upstream::Cluster& cluster, const std::vector<WantedEndpoint>& set,
                           const upstream::ClusterSetup& setup) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < setup.endpoints.size(); ++i) {
    const auto old = std::ranges::find(cluster.endpoints(), setup.endpoints[i]->name(),
                                       [](const auto& endpoint) { return endpoint->name(); });
    const bool stays = old != cluster.endpoints().end();
    const WantedEndpoint& wanted = set[setup.memberships[i].entry];
    const bool weight = wanted.weight ? *wanted.weight > 0
                        : stays       ? (*old)->weight() > 0
                                      : setup.memberships[i].weight > 0;
    const bool serves = !stays || ((*old)->healthy() && (*old)->state() == EndpointState::active);
    if (weight && serves) ++count;
  }
  return count;
}

void put_set_in_force(const ProcessState& state, const ClusterPtr& cluster,
                      std::shared_ptr<const upstream::ClusterSetup> setup,
                      const std::vector<WantedEndpoint>& set) {
  put_in_force(*cluster, std::move(setup));
  for (std::size_t i = 0; i < cluster->endpoints().size(); ++i) {
    const WantedEndpoint& wanted = set[cluster->setup()->memberships[i].entry];
    if (wanted.weight) cluster->endpoints()[i]->set_weight(*wanted.weight);
  }
  tell_workers(state, {&cluster, 1});
}

const config::Cluster& in_file(const ProcessState& state, const std::string& name) {
  return *std::ranges::find(state.snapshot->config.clusters, name, &config::Cluster::name);
}

}  // namespace

Json endpoint_document(const ProcessState& state, const upstream::Cluster& cluster,
                       const Endpoint& endpoint) {
  Json json = endpoint_json(endpoint, true);
  json["changed"] = change_json(state.live.endpoints.last_change(cluster.name(), endpoint));
  return json;
}

Json replacement_json(const ProcessState& state, const upstream::Cluster& cluster) {
  return change_json(state.live.endpoints.last_replacement(cluster.name()));
}

AdminAnswer get_endpoints(const AdminCall& call) {
  const auto cluster = find_cluster(call);
  if (!cluster) return cluster.error();
  Json endpoints = Json::array();
  for (const auto& endpoint : (*cluster)->endpoints()) {
    endpoints.push_back(endpoint_document(call.state, **cluster, *endpoint));
  }
  return json_answer(print({{"cluster", (*cluster)->name()},
                            {"endpoints", std::move(endpoints)},
                            {"replaced", replacement_json(call.state, **cluster)}}));
}

AdminAnswer get_endpoint(const AdminCall& call) {
  const auto found = find_endpoint(call);
  if (!found) return found.error();
  return json_answer(print(one_document(call.state, *found)));
}

AdminAnswer patch_endpoint(const AdminCall& call) {
  if (auto refused = no_time(call.state)) return std::move(*refused);
  const auto found = find_endpoint(call);
  if (!found) return found.error();
  const auto options = read_endpoint_options(call.request.query, true);
  if (!options) return refuse(400, options.error());
  const auto wish = read_endpoint_wish(call.request.body);
  if (!wish) return refuse(400, fmt::format("{}: {}", wish.error(), kWishExample));
  const auto to = judge(*found, *wish, *options);
  if (!to) return to.error();
  if (to->takes_requests() && call.state.health != nullptr) {
    call.state.health->before_return(*found->cluster, found->endpoint);
  }
  const EndpointChange& change =
      call.state.live.endpoints.change(found->cluster->name(), *found->endpoint, *to,
                                       actor_of(call.request), SystemClock().wall_ms());
  tell_workers(call.state);
  observe::log_info("admin: endpoint {} of cluster {} set by {} (from {}): {}",
                    found->endpoint->name(), found->cluster->name(), change.by, call.request.peer,
                    words_of_change(change.from, change.to));
  if (!options->wait) return json_answer(print(one_document(call.state, *found)));
  AdminAnswer answer;
  auto drained = std::make_shared<Drained>(call.state, *found, options->timeout);
  if (auto at_once = drained->look()) return std::move(*at_once);
  answer.later = std::move(drained);
  return answer;
}

AdminAnswer put_endpoints(const AdminCall& call) {
  if (auto refused = no_time(call.state)) return std::move(*refused);
  const auto found = find_cluster(call);
  if (!found) return found.error();
  const ClusterPtr& cluster = *found;
  const auto options = read_endpoint_options(call.request.query, false);
  if (!options) return refuse(400, options.error());
  const auto set = read_endpoint_set(call.request.body);
  if (!set) return refuse(400, fmt::format("{}: {}", set.error(), kSetExample));
  config::Cluster settings = with_set(*cluster, *set);
  const auto weighs = [](const config::Endpoint& endpoint) { return endpoint.weight > 0; };
  if (std::ranges::none_of(settings.endpoints, weighs)) {
    return refuse(400, "all weights would be 0 and nobody could be served: leave one above 0");
  }
  KnownNames& names = *call.state.live.names;
  const auto unresolved =
      resolve_new_names({&settings, 1}, call.state.snapshot->config.resolver, names);
  if (!unresolved.empty()) return refuse(400, unresolved.front().message);
  auto setup = plan_setup(settings, names, cluster.get(), cluster->setup()->tls);
  if (!options->force) {
    std::string why = too_few(*cluster, available_then(*cluster, *set, *setup));
    if (!why.empty()) return refuse(409, std::move(why));
  }
  SetChange change{.by = actor_of(call.request),
                   .at_wall_ms = SystemClock().wall_ms(),
                   .from = names_of(*cluster),
                   .to = {}};
  put_set_in_force(call.state, cluster, std::move(setup), *set);
  change.to = names_of(*cluster);
  observe::log_info("admin: endpoints of cluster {} replaced by {} (from {}): {} -> {}",
                    cluster->name(), change.by, call.request.peer, fmt::join(change.from, ", "),
                    fmt::join(change.to, ", "));
  call.state.live.endpoints.replace(in_file(call.state, cluster->name()),
                                    std::move(settings.endpoints), std::move(change));
  return get_endpoints(call);
}

}  // namespace weir::server
