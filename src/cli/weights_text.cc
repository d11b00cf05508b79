// Words about weights.
#include "cli/weights_text.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "server/live_splits.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

server::NamedWeights named(const Json& json) {
  server::NamedWeights weights;
  for (const auto& [variant, weight] : json.items())
    weights.emplace_back(variant, weight.get<std::uint32_t>());
  return weights;
}

}  // namespace

std::string weights_text(const Json& variants) {
  std::string text;
  for (const Json& variant : variants) {
    const auto weight = variant.at("weight").get<std::uint32_t>();
    const auto in_file = variant.at("configured_weight").get<std::uint32_t>();
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", variant.at("variant").get<std::string>(), weight);
    if (in_file != weight) text += fmt::format(" (file: {})", in_file);
  }
  return text;
}

std::string difference_text(const Json& change) {
  return server::words_of_change(named(change.at("from")), named(change.at("to")));
}

std::string change_text(const Json& change) {
  return fmt::format("changed {} by {}: {}", change.at("at").get<std::string>(),
                     change.at("by").get<std::string>(), difference_text(change));
}

}  // namespace weir::cli
