// From a cluster's `tls` to what its connections are made with; says which of the files that it
// names is no good. Called by the snapshot builder for every file that is loaded or
// checked, on the supervisor's thread.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include <weir/config.h>

#include "config/loader.h"
#include "net/tls_client.h"
#include "upstream/cluster.h"

namespace weir::server {

// Null for a cluster without `tls`; the context in force where nothing has changed. `known`: the
// cluster as it is, null when it is new.
std::expected<std::shared_ptr<const net::TlsClientContext>, std::string> upstream_tls(
    const config::Cluster& settings, const upstream::Cluster* known);

// A line for each cluster whose client certificate expires soon or has, "file:line:column:
// message".
std::vector<std::string> expiring_certificates(
    const std::vector<std::shared_ptr<const upstream::ClusterSetup>>& setups, std::int64_t now);

// For `weir check`: adds what is wrong with any cluster's files to the errors, if there are none,
// and to the warnings what will be.
void check_upstream_tls(config::Loaded& loaded, std::int64_t now);

}  // namespace weir::server
