// The text of a configuration file. Used by the loader for the main file and by include.cc for the
// others; never reads more than limits::kConfigBytes and one.
#pragma once

#include <optional>
#include <string>

#include "config/config_error.h"

namespace weir::config {

// Nothing when it was reported, as an error about the file as a whole.
std::optional<std::string> read_whole(const std::string& path, ErrorList& errors);

}  // namespace weir::config
