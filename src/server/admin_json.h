// The admin API's documents as JSON text. The only place that knows their shape; docs/admin-api.md
// describes it.
#pragma once

#include <string>
#include <string_view>

#include "server/process_state.h"

namespace weir::server {

std::string status_json(const ProcessState& state);
std::string config_json(const ProcessState& state);
std::string clusters_json(const ProcessState& state);
std::string routes_json(const ProcessState& state);
std::string error_json(std::string_view message);

}  // namespace weir::server
