// Names to numbers; see identity.h.
#include "balance/identity.h"

#include <unordered_map>

#include "base/hash.h"

namespace weir::balance {

std::vector<std::uint64_t> endpoint_ids(EndpointSet endpoints) {
  std::vector<std::uint64_t> ids;
  ids.reserve(endpoints.size());
  std::unordered_map<std::uint64_t, std::uint64_t> seen;
  seen.reserve(endpoints.size());
  for (const Endpoint* endpoint : endpoints) {
    const std::uint64_t name = hash64(endpoint->name());
    ids.push_back(mix64(name, seen[name]++));
  }
  return ids;
}

}  // namespace weir::balance
