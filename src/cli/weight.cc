// weir weight: shows the weights of a running weir's split, or changes them.
#include "cli/weight.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

#include "cli/actor.h"
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/weights_text.h"
#include "server/json_parts.h"
#include "server/percent.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

int show(const WeightOptions& options, const std::string& path) {
  const auto answer = ask_admin(options.where, {.path = path});
  if (!answer) return failed(answer.error());
  fmt::print("{}: {}\n", answer->at("route").get<std::string>(),
             weights_text(answer->at("variants")));
  if (!answer->at("changed").is_null()) fmt::print("  {}\n", change_text(answer->at("changed")));
  return 0;
}

int change(const WeightOptions& options, const server::NamedWeights& wanted,
           const std::string& path, const std::string& actor) {
  const std::string body = server::weights_json(wanted).dump();
  const auto answer =
      ask_admin(options.where, {.method = "PUT", .path = path, .body = body, .actor = actor});
  if (!answer) return failed(answer.error());
  fmt::print("{}: {}\n", answer->at("route").get<std::string>(),
             difference_text(answer->at("changed")));
  return 0;
}

}  // namespace

std::expected<server::NamedWeights, std::string> read_assignments(
    std::span<const std::string> assignments) {
  server::NamedWeights weights;
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.rfind('=');
    if (equals == std::string::npos || equals == 0) {
      return std::unexpected(
          fmt::format("'{}' is no assignment: write VARIANT=N, for example canary=5", assignment));
    }
    const std::string variant = assignment.substr(0, equals);
    if (std::ranges::find(weights, variant, &server::NamedWeights::value_type::first) !=
        weights.end())
      return std::unexpected(fmt::format("'{}' is given twice: give it once", variant));
    const char* end = assignment.data() + assignment.size();
    std::uint32_t weight = 0;
    const auto read = std::from_chars(assignment.data() + equals + 1, end, weight);
    if (read.ec != std::errc() || read.ptr != end) {
      return std::unexpected(
          fmt::format("'{}' is no weight: write a whole number from 0, as in {}=5",
                      assignment.substr(equals + 1), variant));
    }
    weights.emplace_back(variant, weight);
  }
  return weights;
}

int weight(const WeightOptions& options) {
  const auto actor = actor_named(options.actor);
  if (!actor) return wrong_usage(actor.error());
  const auto wanted = read_assignments(options.assignments);
  if (!wanted) return wrong_usage(wanted.error());
  const std::string path =
      fmt::format("/v1/routes/{}/weights", server::percent_encoded(options.route));
  return wanted->empty() ? show(options, path) : change(options, *wanted, path, *actor);
}

}  // namespace weir::cli
