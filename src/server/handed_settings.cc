// Field by field. A reader skips what it has no name for, and takes nothing at all from a text
// whose fields are of other kinds.
#include "server/handed_settings.h"

#include <nlohmann/json.hpp>

#include <stdexcept>
#include <string_view>
#include <utility>

#include <weir/limits.h>

#include "server/endpoint_wishes.h"
#include "server/json_parts.h"

namespace weir::server {
namespace {

struct Unreadable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Shared by the three kinds: who, when, from what, to what.
template <class T, class AsJson>
Json change_of(const Change<T>& change, AsJson as_json) {
  return {{"by", change.by},
          {"at_ms", change.at_wall_ms},
          {"from", as_json(change.from)},
          {"to", as_json(change.to)}};
}

template <class T, class FromJson>
Change<T> change_in(const Json& json, FromJson from_json) {
  return {.by = json.at("by"),
          .at_wall_ms = json.at("at_ms"),
          .from = from_json(json.at("from")),
          .to = from_json(json.at("to"))};
}

Json pairs_of(const NamedWeights& weights) {
  return weights;
}

NamedWeights weights_in(const Json& json) {
  return json.get<NamedWeights>();
}

EndpointSetting setting_in(const Json& json) {
  for (const EndpointState state :
       {EndpointState::active, EndpointState::draining, EndpointState::down}) {
    if (json.at("state") == name_of(state)) return {.state = state, .weight = json.at("weight")};
  }
  throw Unreadable("a state that is not known");
}

Json names_json(const std::vector<std::string>& names) {
  return names;
}

std::vector<std::string> names_in(const Json& json) {
  return json.get<std::vector<std::string>>();
}

// As PUT endpoints takes them.
Json endpoints_json(const std::vector<config::Endpoint>& endpoints) {
  Json json = Json::array();
  for (const config::Endpoint& endpoint : endpoints) {
    const bool is_service = !endpoint.service.empty();
    Json one = {{is_service ? "service" : "address", to_string(endpoint)},
                {"backup", endpoint.backup}};
    if (!is_service) one["weight"] = endpoint.weight;
    json.push_back(std::move(one));
  }
  return json;
}

std::vector<config::Endpoint> endpoints_in(const Json& json) {
  auto set = read_endpoint_set(Json{{"endpoints", json}}.dump());
  if (!set) throw Unreadable(set.error());
  std::vector<config::Endpoint> endpoints;
  for (WantedEndpoint& wanted : *set) {
    endpoints.push_back(std::move(wanted.place));
    endpoints.back().weight = wanted.weight.value_or(endpoints.back().weight);
    endpoints.back().backup = wanted.backup.value_or(false);
  }
  return endpoints;
}

KeptWeights split_in(const Json& json) {
  KeptWeights kept{.route = json.at("route"),
                   .in_file = weights_in(json.at("in_file")),
                   .change = change_in<NamedWeights>(json.at("change"), weights_in)};
  const std::size_t variants = kept.in_file.size();
  if (variants > limits::kVariants || kept.change.to.size() != variants) {
    throw Unreadable("weights of other variants");
  }
  return kept;
}

}  // namespace

std::string write_handed_settings(const HandedSettings& settings) {
  Json json = {{"splits", Json::array()}, {"endpoints", Json::array()}, {"sets", Json::array()}};
  for (const KeptWeights& kept : settings.splits) {
    json["splits"].push_back({{"route", kept.route},
                              {"in_file", pairs_of(kept.in_file)},
                              {"change", change_of(kept.change, pairs_of)}});
  }
  for (const KeptEndpoint& kept : settings.endpoints) {
    json["endpoints"].push_back({{"cluster", kept.cluster},
                                 {"endpoint", kept.endpoint},
                                 {"weight_in_file", kept.weight_in_file},
                                 {"change", change_of(kept.change, setting_json)}});
  }
  for (const KeptSet& kept : settings.sets) {
    json["sets"].push_back({{"cluster", kept.cluster},
                            {"in_file", endpoints_json(kept.in_file)},
                            {"now", endpoints_json(kept.now)},
                            {"change", change_of(kept.change, names_json)}});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<HandedSettings> read_handed_settings(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    HandedSettings settings;
    for (const Json& one : json.at("splits")) settings.splits.push_back(split_in(one));
    for (const Json& one : json.at("endpoints")) {
      settings.endpoints.push_back(
          {.cluster = one.at("cluster"),
           .endpoint = one.at("endpoint"),
           .weight_in_file = one.at("weight_in_file"),
           .change = change_in<EndpointSetting>(one.at("change"), setting_in)});
    }
    for (const Json& one : json.at("sets")) {
      settings.sets.push_back(
          {.cluster = one.at("cluster"),
           .in_file = endpoints_in(one.at("in_file")),
           .now = endpoints_in(one.at("now")),
           .change = change_in<std::vector<std::string>>(one.at("change"), names_in)});
    }
    return settings;
  } catch (const Json::exception&) {
    return {};
  } catch (const Unreadable&) {
    return {};
  }
}

}  // namespace weir::server
