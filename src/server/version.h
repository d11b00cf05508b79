// The version, from CMake's project(). Shown by `weir version`, the admin API and the metrics.
#pragma once

#include <string_view>

namespace weir::server {

extern const std::string_view kVersion;

}  // namespace weir::server
