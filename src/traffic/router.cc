// Matching: the index proposes candidates from several places, a falling bound makes the lowest one
// win. Routes that go by the normalised path stand in an index of their own, so that a path is
// normalised only when one of them is in reach.
#include "traffic/router.h"

#include <algorithm>
#include <utility>

#include "traffic/host.h"
#include "traffic/path.h"

namespace weir::traffic {

Router::Router(std::vector<RouteConditions> routes) : routes_(std::move(routes)) {
  for (std::uint32_t i = 0; i < routes_.size(); ++i) {
    (routes_[i].normalizes_path() ? normalized_ : received_).add(i, routes_[i]);
  }
  received_.seal();
  normalized_.seal();
}

std::expected<std::unique_ptr<const Router>, std::string> Router::make(
    const config::Config& config) {
  std::vector<RouteConditions> routes;
  routes.reserve(config.routes.size());
  for (const config::Route& route : config.routes) {
    auto conditions = RouteConditions::compile(route, config);
    if (!conditions) return std::unexpected("route '" + route.name + "': " + conditions.error());
    routes.push_back(std::move(*conditions));
  }
  return std::make_unique<const Router>(std::move(routes));
}

std::uint32_t Router::first_match(const HostIndex& index, std::string_view host,
                                  std::string_view path, const RequestView& request,
                                  std::uint32_t bound) const {
  const auto accepts = [&](std::uint32_t route) {
    const RouteConditions& conditions = routes_[route];
    if (conditions.path_kind() == config::PathMatch::regex && !conditions.path_holds(path)) {
      return false;
    }
    return conditions.rest_holds(request);
  };
  index.each_place(host, [&](const PathIndex& place) {
    if (place.lowest() < bound) bound = place.first(path, bound, accepts);
  });
  return bound;
}

std::uint32_t Router::first_of_any_path(std::string_view host, const RequestView& request,
                                        std::uint32_t bound) const {
  const auto accepts = [&](std::uint32_t route) { return routes_[route].rest_holds(request); };
  normalized_.each_place(
      host, [&](const PathIndex& place) { bound = place.first_of_any_path(bound, accepts); });
  return bound;
}

Result<RouteChoice> Router::match(const RequestView& request, Buffer& scratch) const {
  const FoldedHost folded(request.host);
  const std::string_view host = folded.view();
  const std::uint32_t received = first_match(received_, host, request.path, request, kNoRoute);
  RouteChoice choice{.route = received, .path = request.path};

  std::uint32_t lowest = kNoRoute;
  if (!normalized_.empty()) {
    normalized_.each_place(
        host, [&](const PathIndex& place) { lowest = std::min(lowest, place.lowest()); });
  }
  if (lowest < received) {
    if (const auto normal = normalize_path(request.path, scratch)) {
      choice.route = first_match(normalized_, host, *normal, request, received);
      if (choice.route != received) choice.path = *normal;
    } else if (first_of_any_path(host, request, received) != received) {
      return Failure(Error{.code = Errc::bad_target});
    }
  }
  if (choice.route == kNoRoute) return Failure(Error{.code = Errc::no_route});
  return choice;
}

}  // namespace weir::traffic
