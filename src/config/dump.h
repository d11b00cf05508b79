// The resolved configuration as a file: every key with the value in force, variables expanded.
// Printed by `weir check` and the admin API; loads again to an equal configuration. Never shows the
// admin token, only its variable's name.
#pragma once

#include <string>

#include <weir/config.h>

namespace weir::config {

std::string dump(const Config& config);

}  // namespace weir::config
