// The conditions of one route, compiled: what a request must be for the route to take it. The
// router asks for all but what its index has settled already; the match trace asks which one fails
// first. Immutable, shared by all workers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/config.h>

#include "traffic/pattern.h"
#include "traffic/request_view.h"

namespace weir::traffic {

// In the order in which they are looked at.
enum class Condition : std::uint8_t { none, listener, host, path, method, header, query };

struct Mismatch {
  Condition condition = Condition::none;  // none = all conditions hold
  std::size_t index = 0;                  // of the header or query condition, in file order
};

// A condition on the values of one header or query parameter: it holds when any value is accepted,
// inverted when none is (so an inverted condition holds for a missing one). Field names ignore
// case; all else is compared byte by byte.
struct ValueCondition {
  std::string name;
  config::TextMatch kind = config::TextMatch::exact;
  std::string text;
  std::optional<Pattern> pattern;  // when kind is regex
  bool invert = false;

  bool accepts(std::string_view value) const;
};

class RouteConditions {
 public:
  // The error says which condition is wrong and why; a loaded file has none.
  static std::expected<RouteConditions, std::string> compile(const config::Route& route,
                                                             const config::Config& config);

  bool normalizes_path() const { return normalizes_path_; }
  // Folded; empty = any host.
  const std::vector<std::string>& hosts() const { return hosts_; }
  config::PathMatch path_kind() const { return path_kind_; }
  // Prefix or exact path; normalised when requests' paths are.
  const std::string& path() const { return path_; }
  bool any_path() const {  // "/" and "" are no condition
    return path_kind_ == config::PathMatch::prefix && (path_.empty() || path_ == "/");
  }
  // True when there are no conditions but host and path.
  bool rest_always_holds() const { return rest_always_holds_; }

  // `host` is folded; `path` is the one this route goes by.
  bool host_holds(std::string_view host) const;
  bool path_holds(std::string_view path) const;
  // All conditions but host and path.
  bool rest_holds(const RequestView& request) const;
  // The first condition that fails; without a path (it cannot be normalised), the path is passed
  // over.
  Mismatch first_mismatch(const RequestView& request, std::string_view host,
                          std::optional<std::string_view> path) const;

 private:
  RouteConditions() = default;
  bool listener_holds(std::uint32_t listener) const;
  bool method_holds(std::string_view method) const;
  std::optional<std::size_t> failed_header(const RequestView& request) const;
  std::optional<std::size_t> failed_query(const RequestView& request) const;
  std::expected<void, std::string> compile_path(const config::Match& match);

  // What every candidate is asked stands first, on one cache line.
  bool rest_always_holds_ = false;
  bool normalizes_path_ = false;
  bool any_listener_ = true;
  config::PathMatch path_kind_ = config::PathMatch::prefix;
  std::vector<std::uint32_t> listeners_;
  std::vector<std::string> hosts_;
  std::string path_;
  std::optional<Pattern> path_pattern_;
  std::vector<std::string> methods_;  // GET brings HEAD along
  std::vector<ValueCondition> headers_;
  std::vector<ValueCondition> query_;
};

}  // namespace weir::traffic
