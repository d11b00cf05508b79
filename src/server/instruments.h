// Where a process's observations go: the metric registry, the access log, and the series that no
// exchange owns. One per process, made by the supervisor before the workers and gone after them.
#pragma once

#include <array>
#include <memory>
#include <string>

#include <weir/config.h>
#include <weir/http2.h>

#include "observe/access_log.h"
#include "observe/metrics.h"
#include "proxy/snapshot.h"
#include "server/reload_report.h"
#include "server/upgrade_report.h"

namespace weir::server {

struct Instruments {
  explicit Instruments(int workers);

  // Of the supervisor's thread; the workers' are 0 to workers - 1.
  observe::Cells& supervisor_cells() { return registry.cells(registry.writers() - 1); }

  observe::Registry registry;
  observe::AccessLog access_log;
  observe::CounterId accepted_connections;
  observe::CounterId refused_by_listener;      // its limits.connections
  observe::CounterId refused_by_address;       // its limits.connections_per_address
  observe::CounterId refused_by_header;        // without the PROXY header it had to send
  observe::CounterId refused_for_descriptors;  // there was none for too long
  observe::CounterId closed_idle;              // to have descriptors for others
  observe::CounterId accept_starvations;
  observe::CounterId memory_pauses;
  std::array<observe::CounterId, kH2Abuses> h2_abuses;  // by H2Abuse
};

// The series of each route and listener; the same labels always give the same series, so counts
// survive a reload.
void register_series(observe::Registry& registry, proxy::Snapshot& snapshot);

// The /metrics page: the registry's series and what is computed from the snapshot at scrape time.
std::string render_metrics(const Instruments& instruments, const proxy::Snapshot& snapshot,
                           const ReloadHistory& reloads, const UpgradeHistory& upgrades);

}  // namespace weir::server
