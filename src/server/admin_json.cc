// The admin API's documents, composed with nlohmann::json on the supervisor's thread; never on a
// worker's.
#include "server/admin_json.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "config/dump.h"
#include "observe/metrics.h"
#include "observe/mirror_metrics.h"
#include "observe/split_metrics.h"
#include "server/endpoints_resource.h"
#include "server/health_json.h"
#include "server/json_parts.h"
#include "server/reload_resource.h"
#include "server/upgrade_resource.h"
#include "server/version.h"
#include "server/wall_time.h"

namespace weir::server {
namespace {

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

// Requests of one route by the class of their status, over all listeners and variants.
Json counts_json(const observe::Registry& registry, const proxy::RoutePlan& route) {
  Json counts = Json::object();
  for (std::size_t i = 0; i < observe::kCodeClasses; ++i) {
    std::uint64_t total = 0;
    const auto add = [&](const std::vector<observe::ExchangeSeries>& series) {
      for (const observe::ExchangeSeries& one : series) total += registry.total(one.requests[i]);
    };
    add(route.series);
    if (route.split) {
      for (const proxy::VariantPlan& variant : route.split->variants) add(variant.series);
    }
    counts[std::string(observe::kCodeClassNames[i])] = total;
  }
  return counts;
}

// A share between 0 and 1 as people read it; null while there is nothing to divide.
Json share_json(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return nullptr;
  return std::round(static_cast<double>(part) / static_cast<double>(whole) * 1e6) / 1e6;
}

Json split_json(const ProcessState& state, const proxy::RoutePlan& route) {
  const proxy::SplitPlan& split = *route.split;
  std::vector<std::uint64_t> requests;
  std::uint64_t all = 0;
  for (const proxy::VariantPlan& variant : split.variants) {
    requests.push_back(observe::assignments(state.instruments->registry, variant.counts));
    all += requests.back();
  }
  Json variants = variants_json(split);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    variants[i]["requests"] = requests[i];
    variants[i]["share"] = share_json(requests[i], all);
  }
  return {{"variants", std::move(variants)},
          {"weights_sum", weights_sum(split)},
          {"changed", change_json(state.live.splits.last_change(*route.settings))}};
}

Json mirrors_json(const ProcessState& state, const proxy::RoutePlan& route) {
  const observe::Registry& registry = state.instruments->registry;
  Json list = Json::array();
  for (const proxy::MirrorPlan& mirror : route.mirrors) {
    Json json = mirror_json(*mirror.settings);
    json["in_flight"] = mirror.load->in_flight();
    json["held_bytes"] = mirror.load->bytes.held();
    json["sent"] = observe::total_sent(registry, mirror.series);
    json["dropped"] = observe::total_dropped(registry, mirror.series);
    list.push_back(std::move(json));
  }
  return list;
}

// The weights in force and who set them, without counts.
Json splits_json(const ProcessState& state) {
  Json list = Json::array();
  for (const proxy::RoutePlan& route : state.snapshot->routes) {
    if (!route.split) continue;
    list.push_back({{"route", route.settings->name},
                    {"variants", variants_json(*route.split)},
                    {"changed", change_json(state.live.splits.last_change(*route.settings))}});
  }
  return list;
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
                {"state", state.draining   ? "draining"
                          : state.starting ? "starting"
                                           : "running"},
                {"started", rfc3339(state.started_wall_ms)},
                {"uptime_seconds", (clock.mono_ns() - state.started_mono_ns) / 1'000'000'000},
                {"workers", state.workers},
                {"upgrades", upgrades_json(state.upgrades)},
                {"config",
                 {{"file", state.config_path},
                  {"generation", state.snapshot->generation},
                  {"loaded", rfc3339(state.loaded_wall_ms)},
                  {"reloads", reloads_json(state.reloads)}}},
                {"listeners", listeners_json(state)},
                {"routes", state.snapshot->routes.size()},
                {"clusters", state.snapshot->clusters.size()},
                {"endpoints", endpoints},
                {"splits", splits_json(state)}});
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
    for (const auto& endpoint : cluster->endpoints()) {
      endpoints.push_back(endpoint_document(state, *cluster, *endpoint));
      add_health(endpoints.back(), state.health, *endpoint, SystemClock());
    }
    list.push_back({{"cluster", cluster->name()},
                    {"balance", cluster->settings().balance.algorithm},
                    {"connections", cluster->connections()},
                    {"waiting", cluster->waiting()},
                    {"min_available", cluster->settings().min_available},
                    {"endpoints", std::move(endpoints)},
                    {"replaced", replacement_json(state, *cluster)}});
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
    if (route.split) json["split"] = split_json(state, route);
    if (!route.mirrors.empty()) json["mirrors"] = mirrors_json(state, route);
    json["requests"] = counts_json(state.instruments->registry, route);
    list.push_back(std::move(json));
  }
  return print(list);
}

std::string error_json(std::string_view message) {
  return print({{"error", message}});
}

}  // namespace weir::server
