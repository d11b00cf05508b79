// The words of weir weight: assignments as people write them, into the body the admin API takes.
// Pure; weight.cc has the command.
#pragma once

#include <expected>
#include <span>
#include <string>

#include "server/live_splits.h"

namespace weir::cli {

// "canary=5" each, in their order. The error names the mend.
std::expected<server::NamedWeights, std::string> read_assignments(
    std::span<const std::string> assignments);

}  // namespace weir::cli
