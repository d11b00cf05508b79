// Building the host tables from the routes' conditions.
#include "traffic/host_index.h"

#include "traffic/host.h"

namespace weir::traffic {

PathIndex& HostIndex::place_of(const std::string& pattern) {
  if (is_any_host(pattern)) return any_;
  return is_wildcard_host(pattern) ? suffixes_[pattern.substr(1)] : exact_[pattern];
}

void HostIndex::add(std::uint32_t route, const RouteConditions& conditions) {
  empty_ = false;
  if (conditions.hosts().empty()) any_.add(route, conditions);
  for (const std::string& pattern : conditions.hosts()) {
    if (pattern.empty()) continue;  // no request's host is that
    place_of(pattern).add(route, conditions);
  }
}

void HostIndex::seal() {
  any_.seal();
  for (auto& [name, place] : exact_) place.seal();
  for (auto& [suffix, place] : suffixes_) place.seal();
}

}  // namespace weir::traffic
