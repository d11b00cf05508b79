// Loading a configuration file: the module's front door. Used by `weir check`, the start and each
// reload, on a thread that may block on the file. Never throws, never changes anything; a file is
// taken whole or not at all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <weir/config.h>

#include "config/config_error.h"
#include "config/environment.h"

namespace weir::config {

struct Loaded {
  Config config;                      // usable only when errors is empty
  std::vector<std::string> includes;  // the patterns of `include`, as paths; also with errors
  std::vector<std::string> included;  // the files that were read for them
  std::vector<ConfigError> errors;    // all there are, in the order of the files
  std::vector<ConfigError> warnings;  // what is allowed but probably not meant
};

// `name` stands for the file in errors. A text includes no files.
Loaded load_text(std::string_view text, std::string name,
                 const Environment& environment = process_environment());
// With the files it includes. Errors name `path` as it is given.
Loaded load_file(const std::string& path, const Environment& environment = process_environment());

// Where the file has its admin API, whatever is wrong with the rest of it: for commands that ask a
// running process. Errors are those of reading the file and of the place itself.
struct AdminPlace {
  Admin admin;  // `token` is not read
  std::vector<ConfigError> errors;
};
AdminPlace find_admin(const std::string& path,
                      const Environment& environment = process_environment());

}  // namespace weir::config
