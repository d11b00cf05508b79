// weir run, weir check and weir version.
#include <fmt/core.h>

#include <cstdio>

#include "cli/commands.h"
#include "config/dump.h"
#include "config/loader.h"
#include "server/supervisor.h"
#include "server/version.h"

namespace weir::cli {
namespace {

std::string_view name_of(config::ActionKind action) {
  constexpr std::string_view kNames[] = {"cluster", "split", "redirect", "respond"};
  return kNames[static_cast<std::size_t>(action)];
}

void print_plan(const config::Config& config) {
  for (const config::Listener& listener : config.listeners) {
    fmt::print("listener {:16} {}\n", listener.name, to_string(listener.address));
  }
  for (const config::Route& route : config.routes) {
    const std::string target =
        route.action == config::ActionKind::cluster ? route.cluster : std::string();
    fmt::print("route    {:16} {} {}\n", route.name, name_of(route.action), target);
  }
  for (const config::Cluster& cluster : config.clusters) {
    fmt::print("cluster  {:16} {}, {} endpoints\n", cluster.name, cluster.balance.algorithm,
               cluster.endpoints.size());
  }
}

}  // namespace

int run(const RunOptions& options) {
  return server::Supervisor(options.file).run();
}

int check(const CheckOptions& options) {
  const config::Loaded loaded = config::load_file(options.file);
  for (const config::ConfigError& error : loaded.errors)
    fmt::print(stderr, "{}\n", to_string(error));
  for (const config::ConfigError& warning : loaded.warnings)
    fmt::print(stderr, "warning: {}\n", to_string(warning));
  if (!loaded.errors.empty()) {
    fmt::print(stderr, "{}: {} error{}\n", options.file, loaded.errors.size(),
               loaded.errors.size() == 1 ? "" : "s");
    return 1;
  }
  if (options.dump) {
    fmt::print("{}", config::dump(loaded.config));
    return 0;
  }
  print_plan(loaded.config);
  fmt::print("{}: fine\n", options.file);
  return 0;
}

int version() {
  fmt::print("weir {}\n", server::kVersion);
  return 0;
}

}  // namespace weir::cli
