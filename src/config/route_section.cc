// routes: a list, first match wins; each says which requests it takes and what becomes of them.
// Called by file_section.cc; parts of a route have files of their own.
// Never reorders: the file's order is the order of matching.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "config/causes.h"
#include "config/http_values.h"
#include "config/keys.h"
#include "config/plain_text.h"
#include "config/quantities.h"
#include "config/sections.h"

namespace weir::config {
namespace {

constexpr int kAttemptsMost = 10;
constexpr std::array<std::string_view, 5> kForwarding = {"mirror", "retry", "rewrite", "timeouts",
                                                         "upgrade"};

void read_route_name(Reader& reader, const Node& node, Route& route) {
  read_as(reader, node, route.name, parse_name);
}

void read_route_cluster(Reader& reader, const Node& node, Route& route) {
  if (read_as(reader, node, route.cluster, parse_name)) {
    reader.refer(Reference::Kind::cluster, node, route.cluster);
  }
}

void read_body_bytes(Reader& reader, const Node& node, Route& route) {
  std::uint64_t bytes = 0;
  if (read_as(reader, node, bytes, parse_size)) route.body_bytes = bytes;
}

void read_retry_on(Reader& reader, const Node& node, Retry& retry) {
  read_causes(reader, node, {.refusal = "is not retried on", .timeout = false}, retry.on);
}

constexpr Key<Backoff> kBackoffKeys[] = {
    key_from_zero<&Backoff::base>("base"),
    key_from_zero<&Backoff::max>("max"),
};

void read_backoff(Reader& reader, const Node& node, Retry& retry) {
  read_section(reader, node, retry.backoff, kBackoffKeys);
  if (retry.backoff.max >= retry.backoff.base) return;
  const Node* max = node.find("max");
  reader.error(max != nullptr ? *max : node, "backoff.max is less than backoff.base: swap them");
}

constexpr Key<Retry> kRetryKeys[] = {
    key_between<&Retry::attempts, 0, kAttemptsMost>("attempts"),
    {"on", read_retry_on},
    key_between<&Retry::budget_percent, 0, 100>("budget_percent"),
    key_from_zero<&Retry::per_try_timeout>("per_try_timeout"),
    {"backoff", read_backoff, list_keys<kBackoffKeys>},
};

constexpr Key<RouteTimeouts> kTimeoutKeys[] = {
    key_from_zero<&RouteTimeouts::request>("request"),
    key<&RouteTimeouts::response_head>("response_head"),
    key<&RouteTimeouts::response_idle>("response_idle"),
    key<&RouteTimeouts::tunnel_idle>("tunnel_idle"),
    key<&RouteTimeouts::stream_idle>("stream_idle"),
};

constexpr Key<Route> kRouteKeys[] = {
    {"name", read_route_name},
    {"match", read_match, list_match},
    {"cluster", read_route_cluster},
    {"split", read_split, list_split},
    {"redirect", read_redirect, list_redirect},
    {"respond", read_respond, list_respond},
    {"mirror", read_mirrors, list_mirrors},
    {"rewrite", read_rewrite, list_rewrite},
    {"headers", read_edits, list_edits},
    key_section<&Route::retry, kRetryKeys>("retry"),
    key_section<&Route::timeouts, kTimeoutKeys>("timeouts"),
    {"upgrade", read_upgrade},
    {"rate_limit", read_rate_limit, list_rate_limit},
    {"body_bytes", read_body_bytes},
    key<&Route::normalize_path>("normalize_path"),
};

constexpr Choice<ActionKind> kActions[] = {{"cluster", ActionKind::cluster},
                                           {"split", ActionKind::split},
                                           {"redirect", ActionKind::redirect},
                                           {"respond", ActionKind::respond}};

void choose_action(Reader& reader, const Node& node, Route& route) {
  int actions = 0;
  for (const auto& [word, kind] : kActions) {
    if (node.find(word) == nullptr) continue;
    route.action = kind;
    ++actions;
  }
  if (actions == 1) return;
  reader.error(node,
               actions == 0
                   ? "the route does nothing: give it one of cluster, split, redirect, respond"
                   : "the route has more than one of cluster, split, redirect, respond: keep "
                     "one");
}

void check_rewrite(Reader& reader, const Node& node, const Route& route) {
  if (route.rewrite.prefix.empty() || route.match.path_kind != PathMatch::regex) return;
  reader.error(*node.find("rewrite"),
               "`prefix` replaces what path_prefix or path matched; with path_regex, use regex");
}

void check_per_try_timeout(Reader& reader, const Node& node, const Route& route) {
  const Millis per_try = route.retry.per_try_timeout;
  if (per_try.count() == 0) return;
  const Node& at = *node.find("retry")->find("per_try_timeout");
  if (route.retry.attempts == 0 && route.action == ActionKind::cluster) {
    reader.error(at, "with `attempts: 0` no try is repeated: allow some, or remove it");
  } else if (per_try >= route.timeouts.response_head) {
    reader.warn(at, fmt::format("not shorter than timeouts.response_head, {}: it never ends a try",
                                format_duration(route.timeouts.response_head)));
  }
}

void read_route(Reader& reader, const Node& node, Route& route) {
  route.place = reader.place(node);
  read_section(reader, node, route, kRouteKeys);
  if (!node.is_map()) return;
  if (node.find("name") == nullptr) {
    reader.error(node, "the route has no name; logs and metrics need one");
  }
  choose_action(reader, node, route);
  if (route.action == ActionKind::redirect || route.action == ActionKind::respond) {
    refuse_idle_keys(reader, node, kForwarding);
    if (const Node* headers = node.find("headers")) check_own_headers(reader, *headers);
    return;
  }
  check_rewrite(reader, node, route);
  check_per_try_timeout(reader, node, route);
  check_mirrors(reader, node, route);
}

bool takes_everything(const Match& match) {
  return match.listeners.empty() && match.hosts.empty() && match.path_kind == PathMatch::prefix &&
         match.path == "/" && match.methods.empty() && match.headers.empty() && match.query.empty();
}

void check_names(Reader& reader, const Node& node, const std::vector<Route>& routes) {
  std::unordered_map<std::string_view, const Place*> places;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const Route& route = routes[i];
    if (route.name.empty()) continue;
    const auto [first, is_new] = places.emplace(route.name, &route.place);
    if (is_new) continue;
    reader.error(*node.entries[i].value->find("name"),
                 fmt::format("another route is named '{}', at {}", route.name,
                             line_words(*first->second, route.place)));
  }
}

// What stands behind a route that takes everything is never reached. Only a warning: a maintenance
// page on top is meant.
void check_order(Reader& reader, const Node& node, const std::vector<Route>& routes) {
  for (std::size_t i = 0; i + 1 < routes.size(); ++i) {
    if (!takes_everything(routes[i].match)) continue;
    const std::size_t behind = routes.size() - i - 1;
    reader.warn(
        *node.entries[i].value,
        fmt::format("route '{}' takes every request: {} behind it {} never reached", routes[i].name,
                    behind == 1 ? "the route" : "the routes", behind == 1 ? "is" : "are"));
    return;
  }
}

}  // namespace

void refuse_idle_keys(Reader& reader, const Node& map, std::span<const std::string_view> names) {
  if (!map.is_map()) return;
  for (const Entry& entry : map.entries) {
    if (std::ranges::find(names, entry.key->text) == names.end()) continue;
    reader.error(*entry.key,
                 fmt::format("'{}' does nothing on a route that answers by itself: remove it",
                             entry.key->text));
  }
}

void read_routes(Reader& reader, const Node& node, Config& config) {
  if (!reader.expect(node, NodeKind::sequence)) return;
  config.routes.resize(node.entries.size());
  for (std::size_t i = 0; i < node.entries.size(); ++i) {
    read_route(reader, *node.entries[i].value, config.routes[i]);
  }
  check_names(reader, node, config.routes);
  check_order(reader, node, config.routes);
}

void list_routes(KeyList& out, const std::string& path) {
  list_elements<kRouteKeys>(out, path);
}

}  // namespace weir::config
