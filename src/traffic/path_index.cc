// Building the path index: entries are collected as they come, then sorted and linked once.
#include "traffic/path_index.h"

#include <tuple>
#include <utility>

namespace weir::traffic {
namespace {

void append_once(std::vector<std::uint32_t>& routes, std::uint32_t route) {
  if (routes.empty() || routes.back() != route) routes.push_back(route);
}

}  // namespace

// Routes are added in file order, so every list is ascending by itself.
void PathIndex::add(std::uint32_t route, const RouteConditions& conditions) {
  lowest_ = std::min(lowest_, route);
  const config::PathMatch kind = conditions.path_kind();
  if (conditions.any_path() && conditions.rest_always_holds()) {
    catch_all_ = std::min(catch_all_, route);
  } else if (conditions.any_path() || kind == config::PathMatch::regex) {
    append_once(any_path_, route);
  } else {
    Entry& entry = entries_.emplace_back();
    entry.path = conditions.path();
    (kind == config::PathMatch::exact ? entry.by_exact : entry.by_prefix).push_back(route);
  }
}

void PathIndex::seal() {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.path, a.by_prefix, a.by_exact) < std::tie(b.path, b.by_prefix, b.by_exact);
  });
  std::vector<Entry> merged;
  for (Entry& entry : entries_) {
    if (merged.empty() || merged.back().path != entry.path) {
      merged.push_back(std::move(entry));
      continue;
    }
    for (const std::uint32_t route : entry.by_prefix) append_once(merged.back().by_prefix, route);
    for (const std::uint32_t route : entry.by_exact) append_once(merged.back().by_exact, route);
  }
  entries_ = std::move(merged);
  entries_.shrink_to_fit();
  any_path_.shrink_to_fit();

  for (std::uint32_t i = 1; i < entries_.size(); ++i) {
    std::uint32_t parent = i - 1;
    while (parent != kNoParent && !entries_[i].path.starts_with(entries_[parent].path)) {
      parent = entries_[parent].parent;
    }
    entries_[i].parent = parent;
  }
}

std::uint32_t PathIndex::last_not_after(std::string_view path) const {
  const auto after =
      std::upper_bound(entries_.begin(), entries_.end(), path,
                       [](std::string_view text, const Entry& entry) { return text < entry.path; });
  if (after == entries_.begin()) return kNoParent;
  return static_cast<std::uint32_t>(after - entries_.begin() - 1);
}

}  // namespace weir::traffic
