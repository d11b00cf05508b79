// The admin API's documents, composed with nlohmann::json on the supervisor's thread; never on a
// worker's.
#include "server/admin_json.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include "base/clock.h"
#include "config/dump.h"
#include "observe/metrics.h"
#include "server/version.h"
#include "server/wall_time.h"

namespace weir::server {
namespace {

using Json = nlohmann::ordered_json;

std::string print(const Json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string_view name_of(EndpointState state) {
  switch (state) {
    case EndpointState::active:
      return "active";
    case EndpointState::draining:
      return "draining";
    case EndpointState::down:
      return "down";
  }
  return "";
}

std::string_view name_of(config::ActionKind action) {
  switch (action) {
    case config::ActionKind::cluster:
      return "cluster";
    case config::ActionKind::split:
      return "split";
    case config::ActionKind::redirect:
      return "redirect";
    case config::ActionKind::respond:
      return "respond";
  }
  return "";
}

Json endpoint_json(const Endpoint& endpoint) {
  return {{"endpoint", endpoint.name()},
          {"address", to_string(endpoint.address())},
          {"weight", endpoint.weight()},
          {"backup", endpoint.backup()},
          {"state", name_of(endpoint.state())},
          {"healthy", endpoint.healthy()},
          {"active_requests", endpoint.in_flight()}};
}

Json match_json(const config::Match& match) {
  constexpr std::string_view kPathKeys[] = {"path_prefix", "path", "path_regex"};
  Json json = {{std::string(kPathKeys[static_cast<std::size_t>(match.path_kind)]), match.path}};
  if (!match.listeners.empty()) json["listeners"] = match.listeners;
  if (!match.hosts.empty()) json["hosts"] = match.hosts;
  if (!match.methods.empty()) json["methods"] = match.methods;
  if (!match.headers.empty()) json["headers"] = match.headers.size();
  if (!match.query.empty()) json["query"] = match.query.size();
  return json;
}

// Requests of one route by the class of their status, over all listeners.
Json counts_json(const observe::Registry& registry,
                 const std::vector<observe::ExchangeSeries>& series) {
  Json counts = Json::object();
  for (std::size_t i = 0; i < observe::kCodeClasses; ++i) {
    std::uint64_t total = 0;
    for (const observe::ExchangeSeries& one : series) total += registry.total(one.requests[i]);
    counts[std::string(observe::kCodeClassNames[i])] = total;
  }
  return counts;
}

Json listeners_json(const ProcessState& state) {
  Json list = Json::array();
  for (const proxy::ListenerPlan& listener : state.snapshot->listeners) {
    list.push_back({{"listener", listener.settings->name},
                    {"address", state.listener_addresses[listener.index]},
                    {"connections", listener.open_connections->load(std::memory_order_relaxed)}});
  }
  return list;
}

}  // namespace

std::string status_json(const ProcessState& state) {
  const SystemClock clock;
  std::size_t endpoints = 0;
  for (const auto& cluster : state.snapshot->clusters) endpoints += cluster->endpoints().size();
  return print({{"version", kVersion},
                {"pid", getpid()},
                {"state", state.draining ? "draining" : "running"},
                {"started", rfc3339(state.started_wall_ms)},
                {"uptime_seconds", (clock.mono_ns() - state.started_mono_ns) / 1'000'000'000},
                {"workers", state.workers},
                {"config",
                 {{"file", state.config_path},
                  {"generation", state.snapshot->generation},
                  {"loaded", rfc3339(state.loaded_wall_ms)}}},
                {"listeners", listeners_json(state)},
                {"routes", state.snapshot->routes.size()},
                {"clusters", state.snapshot->clusters.size()},
                {"endpoints", endpoints}});
}

std::string config_json(const ProcessState& state) {
  return print({{"file", state.config_path},
                {"generation", state.snapshot->generation},
                {"loaded", rfc3339(state.loaded_wall_ms)},
                {"yaml", config::dump(state.snapshot->config)}});
}

std::string clusters_json(const ProcessState& state) {
  Json list = Json::array();
  for (const auto& cluster : state.snapshot->clusters) {
    Json endpoints = Json::array();
    for (const auto& endpoint : cluster->endpoints()) endpoints.push_back(endpoint_json(*endpoint));
    list.push_back({{"cluster", cluster->name()},
                    {"balance", cluster->settings().balance.algorithm},
                    {"connections", cluster->connections()},
                    {"waiting", cluster->waiting()},
                    {"endpoints", std::move(endpoints)}});
  }
  return print(list);
}

std::string routes_json(const ProcessState& state) {
  Json list = Json::array();
  for (const proxy::RoutePlan& route : state.snapshot->routes) {
    Json json = {{"route", route.settings->name},
                 {"match", match_json(route.settings->match)},
                 {"action", name_of(route.settings->action)}};
    if (route.cluster != proxy::kNoCluster) json["cluster"] = route.settings->cluster;
    json["requests"] = counts_json(state.instruments->registry, route.series);
    list.push_back(std::move(json));
  }
  return print(list);
}

std::string error_json(std::string_view message) {
  return print({{"error", message}});
}

}  // namespace weir::server
