// What the admin API shows and the supervisor owns: one process's life as plain facts. On the
// supervisor's thread only, except what the snapshot shares with the workers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/snapshot.h"
#include "server/endpoint_health.h"
#include "server/instruments.h"
#include "server/live_state.h"
#include "server/reload_report.h"
#include "server/upgrade_report.h"

namespace weir::server {

struct ProcessState {
  std::string config_path;
  int workers = 0;
  std::uint64_t started_wall_ms = 0;
  std::uint64_t started_mono_ns = 0;
  std::uint64_t loaded_wall_ms = 0;  // when the snapshot in force was taken up
  std::shared_ptr<const proxy::Snapshot> snapshot;
  std::vector<std::string> listener_addresses;  // as bound, by listener index
  bool starting = false;                        // waits for the first health checks
  bool draining = false;
  Instruments* instruments = nullptr;
  LiveState live;
  ReloadHistory reloads;
  // Workers go on with endpoints as they are now, and with these updates; returns when all do.
  std::function<void(const std::vector<proxy::ClusterUpdate>& updates)> update_clusters;
  // Takes up the configuration file anew, or (dry run) says what that would change.
  std::function<ReloadReport(bool dry_run, std::string_view by)> reload;
  UpgradeHistory upgrades;
  // Starts a new process in this one's place. Empty: `done` will be told what came of it; else why
  // not.
  std::function<std::string(std::string_view by, std::function<void(const UpgradeReport&)> done)>
      upgrade;
  EndpointHealth* health = nullptr;  // null before the start is that far
};

}  // namespace weir::server
