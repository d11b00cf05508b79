// The text of a file that a configuration is made of. Used by the loader for the main file, by
// include.cc for the others and by named_file.cc; never reads more than limits::kConfigBytes and
// one.
#pragma once

#include <string>

#include "config/scalars.h"

namespace weir::config {

// The error goes on where the file's name stands: "cannot be opened: ...".
Parsed<std::string> read_whole(const std::string& path);

}  // namespace weir::config
