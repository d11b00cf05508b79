// What came of starting a new process in place of this one: for the log, the metrics, the admin API
// and weir upgrade. Made by the supervisor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir::server {

struct UpgradeReport {
  bool serves = false;              // the new process does, and this one ends
  int pid = 0;                      // of the new process; 0: it could not be executed
  std::vector<std::string> errors;  // why this process goes on: what happened, then its stderr
};

// How upgrades have gone so far.
struct UpgradeHistory {
  std::uint64_t failed = 0;
  bool under_way = false;
  bool handing_over = false;       // the new process knows what is set, and may serve at any moment
  std::uint64_t last_wall_ms = 0;  // when the last one ended; 0 = there was none
  UpgradeReport last;
};

}  // namespace weir::server
