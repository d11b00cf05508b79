// What a new configuration changes, in words for the log, `weir reload --dry-run` and the admin
// API. Compares meanings, not spellings. Used by the server; never says a secret.
#pragma once

#include <string>
#include <vector>

#include <weir/config.h>

namespace weir::config {

// One line for each thing added, removed or changed: "cluster shop-v1: endpoint 10.0.0.3:80 added".
// Empty when both mean the same.
std::vector<std::string> differences(const Config& before, const Config& after);

}  // namespace weir::config
