// The routes of one host by path: which of them come first in file order, without looking at each.
// Built by HostIndex, immutable after seal(). It finds candidates by prefix and exact path; routes
// for any path and by regular expression are candidates for every request. A lookup costs a binary
// search over the distinct paths, plus one step per configured path that is a beginning of the
// request's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "traffic/conditions.h"
#include "traffic/path.h"

namespace weir::traffic {

inline constexpr std::uint32_t kNoRoute = static_cast<std::uint32_t>(-1);

class PathIndex {
 public:
  // In file order.
  void add(std::uint32_t route, const RouteConditions& conditions);
  void seal();

  // The lowest route of all, kNoRoute when empty.
  std::uint32_t lowest() const { return lowest_; }

  // The lowest route below `bound` whose path fits (a regular expression is for `accepts` to try)
  // and that accepts(route) takes; `bound` when there is none.
  template <class F>
  std::uint32_t first(std::string_view path, std::uint32_t bound, F&& accepts) const;

  // The same over all routes, whatever their path.
  template <class F>
  std::uint32_t first_of_any_path(std::uint32_t bound, F&& accepts) const;

 private:
  using Routes = std::vector<std::uint32_t>;  // ascending, without repeats
  static constexpr std::uint32_t kNoParent = static_cast<std::uint32_t>(-1);

  // One distinct path. Parents are the longest other entry that this one begins with: since all
  // beginnings of a text sort between each other and the text, the entries a path begins with are
  // one chain of parents.
  struct Entry {
    std::string path;
    std::uint32_t parent = kNoParent;
    Routes by_prefix;
    Routes by_exact;
  };

  std::uint32_t last_not_after(std::string_view path) const;
  template <class F>
  static std::uint32_t first_in(const Routes& routes, std::uint32_t bound, F&& accepts);

  std::uint32_t catch_all_ = kNoRoute;  // the lowest route without any condition but its host
  Routes any_path_;
  std::vector<Entry> entries_;  // sorted by path once sealed
  std::uint32_t lowest_ = kNoRoute;
};

template <class F>
std::uint32_t PathIndex::first_in(const Routes& routes, std::uint32_t bound, F&& accepts) {
  for (const std::uint32_t route : routes) {
    if (route >= bound) return bound;
    if (accepts(route)) return route;
  }
  return bound;
}

template <class F>
std::uint32_t PathIndex::first(std::string_view path, std::uint32_t bound, F&& accepts) const {
  bound = first_in(any_path_, std::min(bound, catch_all_), accepts);
  for (std::uint32_t i = last_not_after(path); i != kNoParent; i = entries_[i].parent) {
    const Entry& entry = entries_[i];
    if (!path.starts_with(entry.path)) continue;
    if (entry.path.size() == path.size()) bound = first_in(entry.by_exact, bound, accepts);
    if (path_has_prefix(path, entry.path)) bound = first_in(entry.by_prefix, bound, accepts);
  }
  return bound;
}

template <class F>
std::uint32_t PathIndex::first_of_any_path(std::uint32_t bound, F&& accepts) const {
  bound = first_in(any_path_, std::min(bound, catch_all_), accepts);
  for (const Entry& entry : entries_) {
    bound = first_in(entry.by_exact, bound, accepts);
    bound = first_in(entry.by_prefix, bound, accepts);
  }
  return bound;
}

}  // namespace weir::traffic
