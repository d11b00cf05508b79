// The version as the build defines it.
#include "server/version.h"

namespace weir::server {

const std::string_view kVersion = WEIR_VERSION;

}  // namespace weir::server
