// Routes by host: a table of exact names, a table of wildcard suffixes, and the routes for any
// host. A lookup takes one hash per label of the request's host, however many hosts there are.
// Built by Router, immutable after seal(). The places a request's host leads to are searched with a
// falling bound, so that the lowest route of all of them wins.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"
#include "traffic/conditions.h"
#include "traffic/path_index.h"

namespace weir::traffic {

class HostIndex {
 public:
  // In file order.
  void add(std::uint32_t route, const RouteConditions& conditions);
  void seal();

  bool empty() const { return empty_; }

  // Calls f(const PathIndex&) for each place where routes for `host` (folded) stand.
  template <class F>
  void each_place(std::string_view host, F&& f) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return hash64(text); }
  };
  using Table = std::unordered_map<std::string, PathIndex, Hash, std::equal_to<>>;

  PathIndex& place_of(const std::string& pattern);

  bool empty_ = true;
  PathIndex any_;
  Table exact_;
  Table suffixes_;  // of "*.example.com": ".example.com"
};

template <class F>
void HostIndex::each_place(std::string_view host, F&& f) const {
  f(any_);
  if (const auto found = exact_.find(host); found != exact_.end()) f(found->second);
  if (suffixes_.empty()) return;
  for (std::size_t dot = host.find('.', 1); dot != std::string_view::npos;
       dot = host.find('.', dot + 1)) {
    const auto found = suffixes_.find(host.substr(dot));
    if (found != suffixes_.end()) f(found->second);
  }
}

}  // namespace weir::traffic
