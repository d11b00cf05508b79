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

std::string what_it_does(const config::Route& route) {
  switch (route.action) {
    case config::ActionKind::redirect:
      return fmt::format("redirect {} to {}", route.redirect.status, route.redirect.to);
    case config::ActionKind::respond:
      return fmt::format("respond {}", route.respond.status);
    case config::ActionKind::cluster:
    case config::ActionKind::split:
      break;
  }
  return "cluster " + route.cluster;
}

void print_plan(const config::Config& config) {
  for (const config::Listener& listener : config.listeners) {
    fmt::print("listener {:16} {}\n", listener.name, to_string(listener.address));
  }
  for (const config::Route& route : config.routes) {
    fmt::print("route    {:16} {}\n", route.name, what_it_does(route));
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
