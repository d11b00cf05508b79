// From a loaded configuration to a snapshot: names resolved, clusters and plans made, routes
// compiled. Waits, with a bound, for names that nobody watches yet; called by the supervisor, never
// by a worker. A snapshot is whole or there is none.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include <weir/config.h>

#include "observe/metrics.h"
#include "proxy/snapshot.h"
#include "server/live_state.h"
#include "server/tls_files.h"

namespace weir::server {

// Nothing in force is touched: what the new snapshot shares with `before` (null: there is none)
// takes up its new ways when put_in_force() says so. `tls`: what read_tls_files() made of the same
// configuration. The errors are lines for people,
// "file:line:column: message" where a place is known.
std::expected<std::shared_ptr<const proxy::Snapshot>, std::vector<std::string>> build_snapshot(
    config::Config config, std::uint64_t generation, observe::Registry& registry,
    const LiveState& live, const proxy::Snapshot* before = nullptr, TlsFiles tls = {});

// The snapshot is the one that workers are given next: clusters become what it says, weights that
// the file changed are taken from it, others stay as operators have set them.
void put_in_force(const proxy::Snapshot& snapshot, LiveState& live);

// A snapshot to look at, for commands that explain a file: no name is resolved, so that endpoints
// have no addresses; weights are the file's; nothing is counted.
std::expected<std::shared_ptr<const proxy::Snapshot>, std::vector<std::string>> sketch_snapshot(
    config::Config config);

}  // namespace weir::server
