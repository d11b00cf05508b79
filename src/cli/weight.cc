// weir weight: shows the weights of a running weir's split, or changes them.
#include "cli/weight.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <unistd.h>

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
  const auto answer = ask_admin({options.where.admin, options.where.file}, {.path = path});
  if (!answer) return failed(answer.error());
  fmt::print("{}: {}\n", answer->at("route").get<std::string>(),
             weights_text(answer->at("variants")));
  if (!answer->at("changed").is_null()) fmt::print("  {}\n", change_text(answer->at("changed")));
  return 0;
}

int change(const WeightOptions& options, const server::NamedWeights& wanted,
           const std::string& path) {
  const std::string body = server::weights_json(wanted).dump();
  const std::string actor = options.actor.empty() ? who_am_i() : options.actor;
  const auto answer = ask_admin({options.where.admin, options.where.file},
                                {.method = "PUT", .path = path, .body = body, .actor = actor});
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

bool has_control_bytes(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string who_am_i() {
  const char* user = std::getenv("USER");
  if (user == nullptr || *user == '\0') user = std::getenv("LOGNAME");
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  std::string name = user == nullptr ? fmt::format("uid {}", getuid()) : user;
  if (host[0] != '\0') name.append("@").append(host);
  return has_control_bytes(name) ? "unknown" : name;
}

int weight(const WeightOptions& options) {
  if (has_control_bytes(options.actor)) return wrong_usage("--as holds control characters");
  const auto wanted = read_assignments(options.assignments);
  if (!wanted) return wrong_usage(wanted.error());
  const std::string path =
      fmt::format("/v1/routes/{}/weights", server::percent_encoded(options.route));
  return wanted->empty() ? show(options, path) : change(options, *wanted, path);
}

}  // namespace weir::cli
