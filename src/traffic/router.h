// Which route takes a request: the first in file order whose conditions all hold. Made from a
// configuration by the snapshot builder, then immutable and shared by all workers; asked once per
// request by proxy/exchange. Indexed by host and path (docs/routing.md), it never allocates, blocks
// or changes the request.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <weir/config.h>
#include <weir/error.h>

#include "base/buffer.h"
#include "traffic/conditions.h"
#include "traffic/host_index.h"
#include "traffic/request_view.h"

namespace weir::traffic {

struct RouteChoice {
  std::uint32_t route = kNoRoute;  // index in config::Config::routes
  // The path the route was matched by, to be forwarded, rewritten and redirected in place of the
  // received one. A view of the request's path or of the scratch buffer.
  std::string_view path;
};

class Router {
 public:
  // Keeps nothing of `config`. The error names the route and says what is wrong with it; a loaded
  // file has none.
  static std::expected<std::unique_ptr<const Router>, std::string> make(
      const config::Config& config);

  explicit Router(std::vector<RouteConditions> routes);  // in file order

  // Errors: no_route; bad_target when a route with normalize_path would decide by a path that
  // cannot be normalised (its other conditions hold, and no earlier route matches): such a path
  // must not slip past it to a later route. `scratch` is overwritten when a path is normalised and
  // must live as long as the choice; once grown to a path's size, match() does not allocate.
  Result<RouteChoice> match(const RequestView& request, Buffer& scratch) const;

  std::size_t size() const { return routes_.size(); }
  const RouteConditions& conditions(std::uint32_t route) const { return routes_[route]; }

 private:
  std::uint32_t first_match(const HostIndex& index, std::string_view host, std::string_view path,
                            const RequestView& request, std::uint32_t bound) const;
  std::uint32_t first_of_any_path(std::string_view host, const RequestView& request,
                                  std::uint32_t bound) const;

  std::vector<RouteConditions> routes_;
  HostIndex received_;    // of routes that go by the path as received
  HostIndex normalized_;  // of routes that go by the normalised path
};

}  // namespace weir::traffic
