// JSON and queries into wishes.
#include "server/endpoint_wishes.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <utility>

#include "config/addresses.h"
#include "config/quantities.h"
#include "server/json_parts.h"
#include "server/percent.h"

namespace weir::server {
namespace {

using Misread = std::unexpected<std::string>;

constexpr EndpointState kStates[] = {EndpointState::active, EndpointState::draining,
                                     EndpointState::down};

// An object whose keys are known at every depth and given once.
Read<Json> read_object(std::string_view body, std::initializer_list<std::string_view> known) {
  std::string fault;
  std::vector<std::set<std::string>> open;
  const auto look = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event != Json::parse_event_t::key || !fault.empty()) return true;
    const auto name = parsed.get<std::string>();
    if (std::ranges::find(known, std::string_view(name)) == known.end()) {
      fault = fmt::format("there is no '{:.40}' here", name);
    } else if (!open.back().insert(name).second) {
      fault = fmt::format("'{}' is given twice", name);
    }
    return true;
  };
  Json json = Json::parse(body, look, false);
  if (json.is_discarded()) return Misread("the body is not JSON");
  if (!json.is_object()) return Misread("the body is not a JSON object");
  if (!fault.empty()) return Misread(std::move(fault));
  return json;
}

Read<std::uint32_t> read_weight(const Json& value) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() <= limits::kEndpointWeight) {
    return value.get<std::uint32_t>();
  }
  return Misread(fmt::format("the weight {} must be a whole number from 0 to {}", shown(value),
                             limits::kEndpointWeight));
}

Read<EndpointState> read_state(const Json& value) {
  for (const EndpointState state : kStates) {
    if (value == name_of(state)) return state;
  }
  return Misread(fmt::format("the state {} must be active, draining or down", shown(value)));
}

Read<config::Endpoint> read_place(const Json& given) {
  config::Endpoint place;
  const bool by_service = given.is_object() && given.contains("service");
  const Json& text = by_service                                       ? given["service"]
                     : given.is_object() && given.contains("address") ? given["address"]
                                                                      : given;
  if (!text.is_string() || (by_service && given.contains("address"))) {
    return Misread(
        fmt::format("{} is no endpoint: write an address, or an object with one or with a service",
                    shown(given)));
  }
  if (by_service) {
    auto parsed = config::parse_service(text.get<std::string>());
    if (!parsed) return Misread(std::move(parsed.error()));
    place.service = std::move(*parsed);
    return place;
  }
  auto parsed = config::parse_endpoint_address(text.get<std::string>());
  if (!parsed) return Misread(std::move(parsed.error()));
  place.address = std::move(*parsed);
  return place;
}

Read<WantedEndpoint> read_wanted(const Json& given) {
  auto place = read_place(given);
  if (!place) return Misread(std::move(place.error()));
  WantedEndpoint wanted{.place = std::move(*place), .weight = {}, .backup = {}};
  if (!given.is_object()) return wanted;
  if (given.contains("weight")) {
    const auto weight = read_weight(given["weight"]);
    if (!weight) return Misread(weight.error());
    if (!wanted.place.service.empty()) {
      return Misread("a service's weights are those of its SRV records: leave weight out");
    }
    wanted.weight = *weight;
  }
  if (given.contains("backup")) {
    if (!given["backup"].is_boolean()) return Misread("backup must be true or false");
    wanted.backup = given["backup"].get<bool>();
  }
  return wanted;
}

std::string read_option(std::string_view name, const std::string& value, bool may_wait,
                        EndpointOptions& options) {
  if (name == "force") {
    options.force = value == "true";
    return value == "true" || value == "false" ? "" : "force must be true or false";
  }
  if (may_wait && name == "wait") {
    options.wait = true;
    return value == "drained" ? "" : "wait must be drained";
  }
  if (may_wait && name == "timeout") {
    const auto timeout = config::parse_duration(value);
    if (!timeout) return "timeout: " + timeout.error();
    options.timeout = std::min(*timeout, limits::kDrainWaitMost);
    return {};
  }
  return fmt::format("no parameter '{:.40}': there {}", name,
                     may_wait ? "are wait, timeout and force" : "is force");
}

}  // namespace

Read<EndpointWish> read_endpoint_wish(std::string_view body) {
  const auto json = read_object(body, {"state", "weight"});
  if (!json) return Misread(json.error());
  if (json->empty()) return Misread("the body names neither state nor weight");
  EndpointWish wish;
  if (json->contains("state")) {
    const auto state = read_state(json->at("state"));
    if (!state) return Misread(state.error());
    wish.state = *state;
  }
  if (json->contains("weight")) {
    const auto weight = read_weight(json->at("weight"));
    if (!weight) return Misread(weight.error());
    wish.weight = *weight;
  }
  return wish;
}

Read<EndpointOptions> read_endpoint_options(std::string_view query, bool may_wait) {
  EndpointOptions options;
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(one.size() + 1, query.size()));
    const std::size_t equals = std::min(one.find('='), one.size());
    const std::string value = percent_decoded(one.substr(std::min(equals + 1, one.size())));
    std::string fault = read_option(one.substr(0, equals), value, may_wait, options);
    if (!fault.empty()) return Misread(std::move(fault));
  }
  return options;
}

Read<std::vector<WantedEndpoint>> read_endpoint_set(std::string_view body) {
  const auto json = read_object(body, {"endpoints", "address", "service", "weight", "backup"});
  if (!json) return Misread(json.error());
  if (json->size() != 1 || !json->contains("endpoints") || !json->at("endpoints").is_array()) {
    return Misread("the body is not a list of endpoints");
  }
  std::vector<WantedEndpoint> set;
  std::set<std::string> names;
  for (const Json& given : json->at("endpoints")) {
    auto wanted = read_wanted(given);
    if (!wanted) return Misread(std::move(wanted.error()));
    if (const auto [name, is_new] = names.insert(to_string(wanted->place)); !is_new) {
      return Misread(fmt::format("{} is named twice", *name));
    }
    set.push_back(std::move(*wanted));
  }
  if (set.empty()) return Misread("the list is empty: a cluster needs at least one endpoint");
  return set;
}

}  // namespace weir::server
