// weir status: what a running weir does, for people or (--json) for programs.
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <cstdio>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/endpoint_text.h"
#include "cli/failure.h"
#include "cli/weights_text.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

void print_failure(std::string_view what, const Json& last) {
  fmt::print("  {} {}:\n", what, last.at("at").get<std::string>());
  for (const Json& error : last.at("errors")) fmt::print("    {}\n", error.get<std::string>());
}

// What somebody asked for last and did not get.
void print_failures(const Json& status) {
  const Json& reload = status.at("config").at("reloads").at("last");
  if (!reload.is_null() && reload.at("outcome") == "refused") {
    print_failure("the file as it is was refused", reload);
  }
  const Json& upgrade = status.at("upgrades").at("last");
  if (!upgrade.is_null() && upgrade.at("outcome") == "failed") {
    print_failure("the last upgrade failed", upgrade);
  }
}

void print_status(const Json& status) {
  fmt::print("weir {} (pid {}) {}, up {} s, {} workers\n", status.at("version").get<std::string>(),
             status.at("pid").get<int>(), status.at("state").get<std::string>(),
             status.at("uptime_seconds").get<std::uint64_t>(), status.at("workers").get<int>());
  const Json& config = status.at("config");
  fmt::print("config {} generation {}, loaded {}\n", config.at("file").get<std::string>(),
             config.at("generation").get<std::uint64_t>(), config.at("loaded").get<std::string>());
  print_failures(status);
  for (const Json& listener : status.at("listeners")) {
    fmt::print("listener {:16} {:24} {} connections\n", listener.at("listener").get<std::string>(),
               listener.at("address").get<std::string>(),
               listener.at("connections").get<std::uint64_t>());
  }
}

void print_splits(const Json& splits) {
  for (const Json& split : splits) {
    fmt::print("split    {:16} {}\n", split.at("route").get<std::string>(),
               weights_text(split.at("variants")));
    if (!split.at("changed").is_null()) fmt::print("  {}\n", change_text(split.at("changed")));
  }
}

void print_clusters(const Json& clusters) {
  for (const Json& cluster : clusters) {
    fmt::print("cluster  {:16} {}, {} connections\n", cluster.at("cluster").get<std::string>(),
               cluster.at("balance").get<std::string>(),
               cluster.at("connections").get<std::uint64_t>());
    for (const Json& endpoint : cluster.at("endpoints")) {
      const auto from = endpoint.value("from", std::string());
      fmt::print("  {:40} {:8} {}, {} active{}\n", endpoint.at("endpoint").get<std::string>(),
                 endpoint.at("state").get<std::string>(), health_text(endpoint),
                 endpoint.at("active_requests").get<std::uint64_t>(),
                 from.empty() ? "" : ", from " + from);
      const Json& changed = endpoint.at("changed");
      if (!changed.is_null()) fmt::print("    {}\n", endpoint_change_text(changed));
    }
    const Json& replaced = cluster.at("replaced");
    if (!replaced.is_null()) fmt::print("  {}\n", replacement_text(replaced));
  }
}

}  // namespace

int status(const StatusOptions& options) {
  const auto status = ask_admin(options.where, {.path = "/v1/status"});
  if (!status) return failed(status.error());
  const auto clusters = ask_admin(options.where, {.path = "/v1/clusters"});
  if (!clusters) return failed(clusters.error());
  if (options.json) {
    fmt::print("{}\n", Json{{"status", *status}, {"clusters", *clusters}}.dump(2));
    return 0;
  }
  print_status(*status);
  print_splits(status->at("splits"));
  print_clusters(*clusters);
  return 0;
}

}  // namespace weir::cli
