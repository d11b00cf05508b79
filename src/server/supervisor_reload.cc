// Another configuration for a running process: everything that can fail comes first, so that a file
// is taken up whole or not at all; then workers are handed the new snapshot. Called by SIGHUP, by
// the watch on the file and by the admin API, on the supervisor's thread.
#include <fmt/core.h>

#include <chrono>
#include <utility>

#include "base/clock.h"
#include "config/diff.h"
#include "config/loader.h"
#include "config/named_file.h"
#include "net/service_notice.h"
#include "observe/log.h"
#include "server/error_words.h"
#include "server/snapshot_builder.h"
#include "server/supervisor.h"
#include "server/upstream_tls.h"

namespace weir::server {
namespace {

// Workers take a snapshot up between two turns of their loops; one that is stuck is not waited for.
constexpr auto kHandOverPatience = std::chrono::seconds(5);

void log_report(const ReloadReport& report, std::string_view by, std::uint64_t generation) {
  for (const std::string& warning : report.warnings) observe::log_warn("reload: {}", warning);
  switch (report.outcome) {
    case ReloadReport::Outcome::refused:
      for (const std::string& error : report.errors) observe::log_error("reload: {}", error);
      observe::log_error("reload ({}) refused: {} error{}; what was in force still is", by,
                         report.errors.size(), report.errors.size() == 1 ? "" : "s");
      return;
    case ReloadReport::Outcome::applied:
      for (const std::string& change : report.changes) observe::log_info("reload: {}", change);
      observe::log_info("reload ({}) applied: generation {}", by, generation);
      return;
    case ReloadReport::Outcome::unchanged:
      observe::log_info("reload ({}): nothing has changed", by);
      return;
    case ReloadReport::Outcome::planned:
      return;
  }
}

}  // namespace

// A file that is broken names none: those that are known stay watched.
std::vector<std::string> Supervisor::watched_files(const config::Loaded& loaded) {
  std::vector<std::string> files = loaded.includes;
  const config::Config& config = loaded.errors.empty() ? loaded.config : state_.snapshot->config;
  for (std::string& file : names_of_tls_files(config)) files.push_back(std::move(file));
  return files;
}

ReloadReport Supervisor::reload(bool dry_run, std::string_view by) {
  if (state_.draining) return {.errors = {"the process is stopping"}};
  if (state_.upgrades.under_way && !dry_run) {
    reload_missed_ = true;
    return {.errors = {"an upgrade is under way; the file is read by the new process"}};
  }
  if (!dry_run) net::tell_service_manager(net::reloading_lines());
  // Before it is read: a change that comes meanwhile is another one.
  if (!dry_run && file_watch_) file_watch_->take_as_seen();
  ReloadReport report = try_reload(dry_run);
  if (dry_run) return report;
  net::tell_service_manager(
      fmt::format("READY=1\nSTATUS=generation {}{}", state_.snapshot->generation,
                  report.outcome == ReloadReport::Outcome::refused ? "; the file is refused" : ""));
  log_report(report, by, state_.snapshot->generation);
  ReloadHistory& history = state_.reloads;
  ++(report.outcome == ReloadReport::Outcome::refused ? history.refused : history.applied);
  history.last_wall_ms = SystemClock().wall_ms();
  history.last = report;
  return report;
}

ReloadReport Supervisor::try_reload(bool dry_run) {
  ReloadReport report;
  config::Loaded loaded = config::load_file(config_path_);
  // What has changed since it was read, in files that were not watched before, is read with it.
  if (!dry_run && file_watch_ && file_watch_->follow(watched_files(loaded))) {
    loaded = config::load_file(config_path_);
  }
  config::read_named_files(loaded);
  for (const config::ConfigError& warning : loaded.warnings) {
    report.warnings.push_back(to_string(warning));
  }
  for (const config::ConfigError& error : loaded.errors) {
    report.errors.push_back(to_string(error));
  }
  if (!report.errors.empty()) return report;

  const proxy::Snapshot& before = *state_.snapshot;
  TlsFiles tls = read_tls_files(loaded.config, &before, SystemClock().wall_seconds());
  for (std::string& warning : tls.warnings) report.warnings.push_back(std::move(warning));
  report.errors = std::move(tls.errors);
  if (!report.errors.empty()) return report;
  report.changes = config::differences(before.config, loaded.config);
  const LiveState& live = state_.live;
  for (auto& lines :
       {live.splits.overruled_by(loaded.config), live.endpoints.sets_overruled_by(loaded.config),
        live.endpoints.weights_overruled_by(loaded.config, before.config)}) {
    report.changes.insert(report.changes.end(), lines.begin(), lines.end());
  }
  for (const std::string& line : tls.changes) report.changes.push_back(line);
  if (before.config == loaded.config && tls.changes.empty()) {
    report.outcome = ReloadReport::Outcome::unchanged;
    return report;
  }
  auto built = build_snapshot(std::move(loaded.config), before.generation + 1,
                              instruments_->registry, state_.live, &before, std::move(tls));
  if (!built) {
    report.errors = std::move(built.error());
    return report;
  }
  for (const auto& setup : (*built)->setups) {
    for (std::string& line : failing_names(setup->settings, *state_.live.names)) {
      report.warnings.push_back(std::move(line));
    }
  }
  for (std::string& line : expiring_certificates((*built)->setups, SystemClock().wall_seconds())) {
    report.warnings.push_back(std::move(line));
  }
  std::vector<WorkerSockets> sockets(workers_.size());
  std::vector<std::string> addresses;
  if (!open_new_sockets(**built, sockets, addresses, report)) return report;
  if (dry_run) {
    report.outcome = ReloadReport::Outcome::planned;
    return report;
  }
  if (!open_logs((*built)->config, report)) return report;
  hand_over(std::move(*built), std::move(sockets), std::move(addresses));
  report.outcome = ReloadReport::Outcome::applied;
  return report;
}

// Sockets of listeners that are new or have moved; `addresses` is for all, by index.
bool Supervisor::open_new_sockets(const proxy::Snapshot& next, std::vector<WorkerSockets>& opened,
                                  std::vector<std::string>& addresses, ReloadReport& report) const {
  InheritedSockets none;
  for (const proxy::ListenerPlan& plan : next.listeners) {
    std::string address;
    for (const proxy::ListenerPlan& old : state_.snapshot->listeners) {
      if (same_socket(*old.settings, *plan.settings)) {
        address = state_.listener_addresses[old.index];
      }
    }
    if (address.empty()) {
      const auto bound = open_for_all(*plan.settings, plan.index, opened, none);
      if (bound) {
        address = to_string(*bound);
      } else {
        report.errors.push_back(fmt::format("listener {}: {}: {}", plan.settings->name,
                                            to_string(plan.settings->address), why(bound.error())));
      }
    }
    addresses.push_back(std::move(address));
  }
  return report.errors.empty();
}

bool Supervisor::open_logs(const config::Config& next, ReloadReport& report) {
  const config::Config& now = state_.snapshot->config;
  if (!(now.access_log == next.access_log)) {
    if (const Error error = instruments_->access_log.open(next.access_log)) {
      report.errors.push_back(fmt::format("access_log {}: {}", next.access_log.path, why(error)));
      return false;
    }
  }
  if (!(now.log == next.log) && !observe::open_log(next.log)) {
    report.errors.push_back(fmt::format("log {}: cannot be opened", next.log.path));
    return false;
  }
  return true;
}

// Calls tell(worker, countdown, index) for each and returns when every worker has taken it up.
bool Supervisor::tell_workers(std::string_view what, const Tell& tell) {
  const auto countdown = std::make_shared<Countdown>(workers_.size());
  for (std::size_t i = 0; i < workers_.size(); ++i) tell(*workers_[i], countdown, i);
  if (countdown->wait(kHandOverPatience)) return true;
  observe::log_warn("a worker has not taken up {} yet", what);
  return false;
}

// When it returns, a request that comes is the new file's.
void Supervisor::hand_over(std::shared_ptr<const proxy::Snapshot> next,
                           std::vector<WorkerSockets> sockets, std::vector<std::string> addresses) {
  put_in_force(*next, state_.live);
  state_.snapshot = std::move(next);
  health_->adopt(state_.snapshot->clusters);
  state_.listener_addresses = std::move(addresses);
  state_.loaded_wall_ms = SystemClock().wall_ms();
  tell_workers("the new configuration", [&](Worker& worker, const auto& countdown, std::size_t i) {
    worker.take_up(state_.snapshot, std::move(sockets[i]), countdown);
  });
  names_->adopt();
}

// When it returns, no request is sent to an endpoint that has been taken out, and those that were
// are counted with it.
void Supervisor::update_clusters(const std::vector<proxy::ClusterUpdate>& updates) {
  tell_workers("the change of endpoints", [&](Worker& worker, const auto& countdown, std::size_t) {
    worker.take_up(updates, countdown);
  });
  health_->adopt(state_.snapshot->clusters);
  names_->adopt();
}

void Supervisor::watch_file() {
  if (!state_.snapshot->config.watch) return;
  file_watch_ = std::make_unique<FileWatch>(
      loop_, config_path_, files_,
      [](void* owner) { static_cast<Supervisor*>(owner)->reload(false, "the file changed"); },
      this);
}

}  // namespace weir::server
