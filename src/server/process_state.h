// What the admin API shows and the supervisor owns: one process's life as plain facts. On the
// supervisor's thread only, except what the snapshot shares with the workers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proxy/snapshot.h"
#include "server/instruments.h"
#include "server/live_state.h"

namespace weir::server {

struct ProcessState {
  std::string config_path;
  int workers = 0;
  std::uint64_t started_wall_ms = 0;
  std::uint64_t started_mono_ns = 0;
  std::uint64_t loaded_wall_ms = 0;  // when the snapshot in force was taken up
  std::shared_ptr<const proxy::Snapshot> snapshot;
  std::vector<std::string> listener_addresses;  // as bound, by listener index
  bool draining = false;
  Instruments* instruments = nullptr;
  LiveState live;
};

}  // namespace weir::server
