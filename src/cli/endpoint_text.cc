// Words about endpoints.
#include "cli/endpoint_text.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string health_text(const Json& endpoint) {
  if (!endpoint.at("healthy").get<bool>()) {
    const Json check = endpoint.value("last_check", Json::object());
    const auto cause = check.value("cause", std::string());
    return cause.empty() ? "unhealthy" : fmt::format("unhealthy ({})", cause);
  }
  if (!endpoint.value("ejected", false)) return "healthy";
  return "ejected until " + endpoint.at("ejected_until").get<std::string>();
}

std::string endpoint_text(const Json& endpoint) {
  const auto in_flight = endpoint.at("active_requests").get<std::uint64_t>();
  return fmt::format(
      "{}, weight {}, {} request{} in flight", endpoint.at("state").get<std::string>(),
      endpoint.at("weight").get<std::uint32_t>(), in_flight, in_flight == 1 ? "" : "s");
}

std::string endpoint_change_text(const Json& change) {
  const Json& from = change.at("from");
  const Json& to = change.at("to");
  std::string text = from.at("state").get<std::string>();
  if (from.at("state") != to.at("state")) text += " -> " + to.at("state").get<std::string>();
  text += fmt::format(", weight {}", from.at("weight").get<std::uint32_t>());
  if (from.at("weight") != to.at("weight")) {
    text += fmt::format(" -> {}", to.at("weight").get<std::uint32_t>());
  }
  return fmt::format("changed {} by {}: {}", change.at("at").get<std::string>(),
                     change.at("by").get<std::string>(), text);
}

std::string replacement_text(const Json& replaced) {
  return fmt::format("endpoints replaced {} by {}", replaced.at("at").get<std::string>(),
                     replaced.at("by").get<std::string>());
}

}  // namespace weir::cli
