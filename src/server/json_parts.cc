// The pieces, one function each.
#include "server/json_parts.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "config/choices.h"
#include "server/wall_time.h"

namespace weir::server {
namespace {

template <class T, class Show>
Json changed(const Change<T>* change, Show show) {
  if (change == nullptr) return nullptr;
  return {{"by", change->by},
          {"at", rfc3339(change->at_wall_ms)},
          {"from", show(change->from)},
          {"to", show(change->to)}};
}

}  // namespace

Json setting_json(const EndpointSetting& setting) {
  return {{"state", name_of(setting.state)}, {"weight", setting.weight}};
}

std::string print(const Json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string shown(const Json& value) {
  return fmt::format("{:.40}", value.is_primitive() ? value.dump() : value.type_name());
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

Json endpoint_json(const Endpoint& endpoint, bool live) {
  Json json = {{"endpoint", endpoint.name()}};
  if (live) json["address"] = to_string(endpoint.address());
  if (!endpoint.from().empty()) json["from"] = endpoint.from();
  json["weight"] = endpoint.weight();
  json["backup"] = endpoint.backup();
  if (!live) return json;
  json["state"] = name_of(endpoint.state());
  json["healthy"] = endpoint.healthy();
  json["active_requests"] = endpoint.in_flight();
  return json;
}

Json weights_json(const NamedWeights& weights) {
  Json json = Json::object();
  for (const auto& [variant, weight] : weights) json[variant] = weight;
  return json;
}

Json change_json(const WeightChange* change) {
  return changed(change, weights_json);
}

Json change_json(const EndpointChange* change) {
  return changed(change, setting_json);
}

Json change_json(const SetChange* change) {
  return changed(change, [](const auto& names) { return Json(names); });
}

Json variants_json(const proxy::SplitPlan& split) {
  const traffic::Weights weights = split.weights->get(split.variants.size());
  Json list = Json::array();
  for (std::size_t i = 0; i < split.variants.size(); ++i) {
    const config::Variant& variant = *split.variants[i].settings;
    list.push_back({{"variant", variant.name},
                    {"cluster", variant.cluster},
                    {"weight", weights[i]},
                    {"configured_weight", variant.weight}});
  }
  return list;
}

std::uint64_t weights_sum(const proxy::SplitPlan& split) {
  std::uint64_t sum = 0;
  for (const std::uint32_t weight : split.weights->get(split.variants.size()).of) sum += weight;
  return sum;
}

bool takes_requests(const upstream::Cluster& cluster) {
  return std::ranges::any_of(cluster.endpoints(),
                             [](const auto& endpoint) { return endpoint->takes_requests(); });
}

double bucket_of(traffic::Point point) {
  constexpr std::uint64_t kSteps = 1'000'000;
  const auto steps = static_cast<std::uint64_t>(traffic::Wide{point} * kSteps >> 64);
  return static_cast<double>(steps) / kSteps;
}

Json percent_json(const config::Fraction& share) {
  const auto exact = traffic::Wide{share.numerator} * 100;
  if (exact % share.denominator == 0) {
    return static_cast<std::uint64_t>(exact / share.denominator);
  }
  return static_cast<double>(share.numerator) * 100 / static_cast<double>(share.denominator);
}

Json mirror_json(const config::Mirror& mirror) {
  return {{"cluster", mirror.cluster},
          {"percent", percent_json(mirror.share)},
          {"by", config::word_of(config::kMirrorBy, mirror.by)},
          {"when", config::word_of(config::kMirrorWhen, mirror.when)}};
}

}  // namespace weir::server
