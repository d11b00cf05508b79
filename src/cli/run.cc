// weir run, weir check and weir version.
#include <fmt/core.h>

#include <cstdio>

#include "base/clock.h"
#include "cli/commands.h"
#include "config/dump.h"
#include "config/loader.h"
#include "config/named_file.h"
#include "config/quantities.h"
#include "net/tls_memory.h"
#include "server/supervisor.h"
#include "server/tls_files.h"
#include "server/upstream_tls.h"
#include "server/version.h"

namespace weir::cli {
namespace {

std::string variants_of(const config::Split& split) {
  std::string out;
  for (const config::Variant& variant : split.variants) {
    out += fmt::format("{}{}={} to {}", out.empty() ? "" : ", ", variant.name, variant.weight,
                       variant.cluster);
  }
  return out;
}

std::string redirect_text(const config::Redirect& redirect) {
  if (!redirect.https) return fmt::format("redirect {} to {}", redirect.status, redirect.to);
  const std::string port = redirect.port == 443 ? "" : fmt::format(", port {}", redirect.port);
  return fmt::format("redirect {} to https{}", redirect.status, port);
}

std::string what_it_does(const config::Route& route) {
  switch (route.action) {
    case config::ActionKind::redirect:
      return redirect_text(route.redirect);
    case config::ActionKind::respond:
      return fmt::format("respond {}", route.respond.status);
    case config::ActionKind::split:
      return "split " + variants_of(route.split);
    case config::ActionKind::cluster:
      break;
  }
  return "cluster " + route.cluster;
}

std::string share_of(const config::Mirror& mirror) {
  const config::Fraction& share = mirror.share;
  const std::string size = share.denominator == config::kPercentWhole
                               ? config::format_percent(share.numerator) + "%"
                               : fmt::format("{}/{}", share.numerator, share.denominator);
  return size + (mirror.by == config::MirrorBy::key ? " of the users" : " of the requests");
}

void print_plan(const config::Config& config) {
  for (const config::Listener& listener : config.listeners) {
    fmt::print("listener {:16} {}{}\n", listener.name, to_string(listener.address),
               listener.tls ? ", tls" : "");
  }
  for (const config::Route& route : config.routes) {
    fmt::print("route    {:16} {}\n", route.name, what_it_does(route));
    for (const config::Mirror& mirror : route.mirrors) {
      fmt::print("mirror   {:16} {} to {}\n", route.name, share_of(mirror), mirror.cluster);
    }
  }
  for (const config::Cluster& cluster : config.clusters) {
    fmt::print("cluster  {:16} {}, {} endpoints\n", cluster.name, cluster.balance.algorithm,
               cluster.endpoints.size());
  }
}

int refused(const std::string& file, std::size_t errors) {
  fmt::print(stderr, "{}: {} error{}\n", file, errors, errors == 1 ? "" : "s");
  return 1;
}

}  // namespace

int run(const RunOptions& options) {
  net::keep_tls_buffers();
  return server::Supervisor(options.file, options.pid_file).run();
}

int check(const CheckOptions& options) {
  config::Loaded loaded = config::load_file(options.file);
  config::read_named_files(loaded);
  const std::int64_t now = SystemClock().wall_seconds();
  server::check_upstream_tls(loaded, now);
  for (const config::ConfigError& error : loaded.errors)
    fmt::print(stderr, "{}\n", to_string(error));
  for (const config::ConfigError& warning : loaded.warnings)
    fmt::print(stderr, "warning: {}\n", to_string(warning));
  if (!loaded.errors.empty()) return refused(options.file, loaded.errors.size());
  const server::TlsFiles tls = server::read_tls_files(loaded.config, nullptr, now);
  for (const std::string& error : tls.errors) fmt::print(stderr, "{}\n", error);
  for (const std::string& warning : tls.warnings) fmt::print(stderr, "warning: {}\n", warning);
  if (!tls.errors.empty()) return refused(options.file, tls.errors.size());
  if (options.dump) {
    fmt::print("{}", config::dump(loaded.config));
    return 0;
  }
  for (const std::string& file : loaded.included) fmt::print("include  {}\n", file);
  print_plan(loaded.config);
  fmt::print("{}: fine\n", options.file);
  return 0;
}

int version() {
  fmt::print("weir {}\n", server::kVersion);
  return 0;
}

}  // namespace weir::cli
