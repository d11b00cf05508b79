// Reading the body strictly: a weight that was meant otherwise than it is understood would send
// users to the wrong version.
#include "server/weights_resource.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <expected>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/limits.h>

#include "base/clock.h"
#include "observe/log.h"
#include "server/json_parts.h"

namespace weir::server {
namespace {

using FoundRoute = std::expected<const proxy::RoutePlan*, AdminAnswer>;

std::string split_routes(const proxy::Snapshot& snapshot) {
  std::vector<std::string_view> names;
  for (const proxy::RoutePlan& route : snapshot.routes) {
    if (route.split) names.push_back(route.settings->name);
  }
  return names.empty() ? "no route has a split"
                       : fmt::format("routes with a split: {}", fmt::join(names, ", "));
}

FoundRoute split_route(const proxy::Snapshot& snapshot, const std::string& name) {
  for (const proxy::RoutePlan& route : snapshot.routes) {
    if (route.settings->name != name) continue;
    if (route.split) return &route;
    return std::unexpected(
        refuse(409, fmt::format("route '{}' has no split; {}", name, split_routes(snapshot))));
  }
  return std::unexpected(
      refuse(404, fmt::format("no route '{}'; {}", name, split_routes(snapshot))));
}

// The body as it should be, in this route's words.
std::string example(const proxy::RoutePlan& route) {
  Json weights = Json::object();
  for (const proxy::VariantPlan& variant : route.split->variants) {
    weights[variant.settings->name] = variant.settings->weight;
  }
  return "send " + weights.dump();
}

// What is wrong with a weight; nothing when it is one. LiveSplits knows the rest.
std::string fault_of(const std::string& variant, const Json& weight) {
  const bool whole = weight.is_number_unsigned();
  if (whole && weight.get<std::uint64_t>() <= limits::kVariantWeight) return {};
  return fmt::format("the weight {} of '{}' must be a whole number from 0 to {}", shown(weight),
                     variant, limits::kVariantWeight);
}

std::expected<NamedWeights, std::string> read_weights(std::string_view body) {
  std::string twice;
  NamedWeights weights;
  const auto look = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event != Json::parse_event_t::key || depth != 1) return true;
    const auto name = parsed.get<std::string>();
    for (const auto& [known, weight] : weights) {
      if (known == name) twice = name;
    }
    weights.emplace_back(name, 0);
    return true;
  };
  const Json json = Json::parse(body, look, false);
  if (json.is_discarded()) return std::unexpected("the body is not JSON");
  if (!json.is_object()) return std::unexpected("the body is not a JSON object");
  if (!twice.empty()) return std::unexpected(fmt::format("'{}' is named twice", twice));
  if (weights.empty()) return std::unexpected("the body names no variant");
  for (auto& [variant, weight] : weights) {
    const Json& given = json.at(variant);
    if (std::string fault = fault_of(variant, given); !fault.empty()) return std::unexpected(fault);
    weight = given.get<std::uint32_t>();
  }
  return weights;
}

Json weights_document(const ProcessState& state, const proxy::RoutePlan& route) {
  return {{"route", route.settings->name},
          {"variants", variants_json(*route.split)},
          {"changed", change_json(state.live.splits.last_change(*route.settings))}};
}

}  // namespace

AdminAnswer get_weights(const AdminCall& call) {
  const auto route = split_route(*call.state.snapshot, call.names.front());
  if (!route) return route.error();
  return json_answer(print(weights_document(call.state, **route)));
}

AdminAnswer put_weights(const AdminCall& call) {
  if (auto refused = no_time(call.state)) return std::move(*refused);
  if (!call.request.query.empty()) return refuse(400, "there are no parameters");
  const auto route = split_route(*call.state.snapshot, call.names.front());
  if (!route) return route.error();
  const auto wanted = read_weights(call.request.body);
  if (!wanted) return refuse(400, fmt::format("{}: {}", wanted.error(), example(**route)));
  const config::Route& settings = *(*route)->settings;
  const std::string actor = actor_of(call.request);
  const auto change =
      call.state.live.splits.change(settings, *wanted, actor, SystemClock().wall_ms());
  if (!change) return refuse(400, change.error().message);
  observe::log_info("admin: weights of route {} set by {} (from {}): {}", settings.name, actor,
                    call.request.peer, words_of_change(change->from, change->to));
  return json_answer(print(weights_document(call.state, **route)));
}

}  // namespace weir::server
