// What operators have set at run time, on its way to the process that takes this one's place:
// weights of splits, states and weights of endpoints, sets of endpoints. Text, and between two
// versions of Weir: what one does not know, the other goes without. Written by supervisor_upgrade,
// read at the start. No IO.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/live_endpoints.h"
#include "server/live_splits.h"

namespace weir::server {

struct HandedSettings {
  std::vector<KeptWeights> splits;
  std::vector<KeptEndpoint> endpoints;
  std::vector<KeptSet> sets;
};

// One line of JSON.
std::string write_handed_settings(const HandedSettings& settings);
// Nothing: it is no such text.
std::optional<HandedSettings> read_handed_settings(std::string_view text);

}  // namespace weir::server
