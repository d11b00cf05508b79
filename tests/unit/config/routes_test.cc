// Routes and clusters that are right: every form that a key accepts, and what it becomes.
// The forms that are refused are in bad/.
// Never checks matching itself; that is traffic/'s.
#include <gtest/gtest.h>

#include "support.h"

namespace weir::config::testing {
namespace {

Route route_of(std::string_view keys) {
  const Loaded loaded = load(with_listener("routes:\n  - { name: r, " + std::string(keys) +
                                           " }\nclusters: { c: { endpoints: [10.0.0.1:80] } }\n"));
  EXPECT_EQ(lines_of(loaded.errors), "") << keys;
  return loaded.config.routes.empty() ? Route{} : loaded.config.routes[0];
}

Cluster cluster_of(std::string_view keys) {
  const Loaded loaded = load(with_listener("clusters: { c: { " + std::string(keys) + " } }\n"));
  EXPECT_EQ(lines_of(loaded.errors), "") << keys;
  return loaded.config.clusters.empty() ? Cluster{} : loaded.config.clusters[0];
}

Balance balance_of(std::string_view balance) {
  return cluster_of("endpoints: [10.0.0.1:80], balance: " + std::string(balance)).balance;
}

TEST(Routes, PathForms) {
  const Match none = route_of("cluster: c").match;
  EXPECT_EQ(none.path_kind, PathMatch::prefix);
  EXPECT_EQ(none.path, "/");
  const Match prefix = route_of("cluster: c, match: { path_prefix: /api/ }").match;
  EXPECT_EQ(prefix.path_kind, PathMatch::prefix);
  EXPECT_EQ(prefix.path, "/api/");
  const Match exact = route_of("cluster: c, match: { path: /a%20b }").match;
  EXPECT_EQ(exact.path_kind, PathMatch::exact);
  EXPECT_EQ(exact.path, "/a%20b");
  const Match regex = route_of("cluster: c, match: { path_regex: \"/u/[0-9]+$\" }").match;
  EXPECT_EQ(regex.path_kind, PathMatch::regex);
  EXPECT_EQ(regex.path, "/u/[0-9]+$");
}

TEST(Routes, UpgradeForms) {
  EXPECT_EQ(route_of("cluster: c").upgrade.protocols, std::vector<std::string>{"websocket"});
  const Upgrade listed = route_of("cluster: c, upgrade: [irc/6.9, foo]").upgrade;
  EXPECT_FALSE(listed.any);
  EXPECT_EQ(listed.protocols, (std::vector<std::string>{"irc/6.9", "foo"}));
  EXPECT_TRUE(route_of("cluster: c, upgrade: any").upgrade.any);
  for (const std::string_view off : {"off", "false"}) {
    const Upgrade none = route_of("cluster: c, upgrade: " + std::string(off)).upgrade;
    EXPECT_FALSE(none.any);
    EXPECT_TRUE(none.protocols.empty());
  }
  EXPECT_EQ(route_of("cluster: c").timeouts.tunnel_idle, std::chrono::hours(1));
  EXPECT_EQ(route_of("cluster: c").timeouts.stream_idle, std::chrono::minutes(5));
}

TEST(Routes, AProtocolThatIsNearlyWebSocketIsWarnedAbout) {
  const auto warnings = [](const std::string& protocols) {
    return lines_of(load(with_listener("routes: [{ name: r, cluster: c, upgrade: " + protocols +
                                       " }]\nclusters: { c: { endpoints: ['127.0.0.1:1'] } }\n"))
                        .warnings);
  };
  EXPECT_NE(warnings("[web-socket]").find("hardly ask for, did you mean 'websocket'?"),
            std::string::npos);
  EXPECT_NE(warnings("[websockets/13]").find("did you mean"), std::string::npos);
  EXPECT_EQ(warnings("[WebSocket, websocket/13, irc/6.9, mqtt, tls/1.2]"), "");
}

TEST(Routes, HostsAreLowerCased) {
  const Match match =
      route_of(
          "cluster: c, match: { listeners: [web], hosts: [Shop.Example.COM, \"*.Example.com\", "
          "\"[2001:DB8::1]\", 192.0.2.1], methods: [GET, PURGE] }")
          .match;
  EXPECT_EQ(match.listeners, std::vector<std::string>{"web"});
  EXPECT_EQ(match.hosts, (std::vector<std::string>{"shop.example.com", "*.example.com",
                                                   "[2001:db8::1]", "192.0.2.1"}));
  EXPECT_EQ(match.methods, (std::vector<std::string>{"GET", "PURGE"}));
}

TEST(Routes, ConditionForms) {
  const Match match =
      route_of(
          "cluster: c, match: { headers: { a: b, c: { present: true }, d: { present: false }, "
          "e: { prefix: x }, f: { regex: \"[0-9]+\" }, g: { invert: true, exact: 1 }, "
          "h: { present: false, invert: true } }, query: { \"a b\": \"\" } }")
          .match;
  const std::vector<FieldMatch> expected = {
      {"a", TextMatch::exact, "b", false},      {"c", TextMatch::present, "", false},
      {"d", TextMatch::present, "", true},      {"e", TextMatch::prefix, "x", false},
      {"f", TextMatch::regex, "[0-9]+", false}, {"g", TextMatch::exact, "1", true},
      {"h", TextMatch::present, "", false},
  };
  EXPECT_EQ(match.headers, expected);
  EXPECT_EQ(match.query, (std::vector<FieldMatch>{{"a b", TextMatch::exact, "", false}}));
}

TEST(Routes, Actions) {
  const Route cluster = route_of("cluster: c");
  EXPECT_EQ(cluster.action, ActionKind::cluster);
  EXPECT_EQ(cluster.cluster, "c");
  const Route redirect = route_of("redirect: { to: https://shop.example.com/, status: 302 }");
  EXPECT_EQ(redirect.action, ActionKind::redirect);
  EXPECT_EQ(redirect.redirect, (Redirect{"https://shop.example.com/", 302}));
  const Route respond =
      route_of("respond: { status: 404, body: \"nothing here\\n\", content_type: text/html }");
  EXPECT_EQ(respond.action, ActionKind::respond);
  EXPECT_EQ(respond.respond, (Respond{404, "nothing here\n", "text/html"}));
}

TEST(Routes, Rewrites) {
  EXPECT_EQ(
      route_of("cluster: c, match: { path_prefix: /v1 }, rewrite: { prefix: /v2 }").rewrite.prefix,
      "/v2");
  const Rewrite regex =
      route_of("cluster: c, rewrite: { regex: \"^/(a|b)/\", replace: '/\\1-' }").rewrite;
  EXPECT_EQ(regex.regex, "^/(a|b)/");
  EXPECT_EQ(regex.replace, "/\\1-");
  EXPECT_EQ(route_of("cluster: c, rewrite: { regex: x, replace: \"\" }").rewrite.replace, "");
}

TEST(Routes, HeaderEdits) {
  const Route route = route_of(
      "cluster: c, headers: { request: { set: { Host: a.example, X-A: 1 }, add: { X-B: 2 }, "
      "remove: [X-C] }, response: { set: { Cache-Control: \"\" } } }");
  EXPECT_EQ(route.request_headers.set, (std::vector<Pair>{{"Host", "a.example"}, {"X-A", "1"}}));
  EXPECT_EQ(route.request_headers.add, (std::vector<Pair>{{"X-B", "2"}}));
  EXPECT_EQ(route.request_headers.remove, std::vector<std::string>{"X-C"});
  EXPECT_EQ(route.response_headers.set, (std::vector<Pair>{{"Cache-Control", ""}}));
}

TEST(Routes, RetryOnReplacesTheWholeList) {
  const Retry standard = route_of("cluster: c").retry;
  EXPECT_TRUE(standard.on.connect && standard.on.reset);
  EXPECT_TRUE(standard.on.statuses.empty());
  const Retry chosen =
      route_of("cluster: c, retry: { attempts: 3, on: [reset, 503, 503, 502], budget_percent: 0 }")
          .retry;
  EXPECT_EQ(chosen, (Retry{3, Causes{false, true, false, {503, 502}}, 0}));
  const Retry nothing = route_of("cluster: c, retry: { on: [] }").retry;
  EXPECT_FALSE(nothing.on.connect || nothing.on.reset);
}

TEST(Routes, OtherKeys) {
  const Route route = route_of(
      "cluster: c, timeouts: { request: 1m, response_head: 2s, response_idle: 3h }, "
      "body_bytes: 0, normalize_path: true");
  EXPECT_EQ(route.timeouts, (RouteTimeouts{Millis(60'000), Millis(2000), Millis(10'800'000)}));
  EXPECT_EQ(route.body_bytes, std::optional<std::uint64_t>(0));
  EXPECT_TRUE(route.normalize_path);
  EXPECT_FALSE(route_of("cluster: c").body_bytes.has_value());
}

TEST(Clusters, BalanceForms) {
  EXPECT_EQ(balance_of("peak_ewma"), (Balance{"peak_ewma", HashOn::none, ""}));
  EXPECT_EQ(balance_of("ip_hash"), (Balance{"ip_hash", HashOn::none, ""}));
  EXPECT_EQ(balance_of("hash"), (Balance{"hash", HashOn::client_ip, ""}));
  EXPECT_EQ(balance_of("maglev"), (Balance{"maglev", HashOn::client_ip, ""}));
  EXPECT_EQ(balance_of("{ hash: client_ip }"), (Balance{"hash", HashOn::client_ip, ""}));
  EXPECT_EQ(balance_of("{ hash: path }"), (Balance{"hash", HashOn::path, ""}));
  EXPECT_EQ(balance_of("{ hash: { header: X-User } }"),
            (Balance{"hash", HashOn::header, "X-User"}));
  EXPECT_EQ(balance_of("{ maglev: { cookie: sid } }"), (Balance{"maglev", HashOn::cookie, "sid"}));
}

TEST(Clusters, EveryAlgorithmIsKnown) {
#define ALGORITHM(name, Type) EXPECT_EQ(balance_of(#name).algorithm, #name);
#include <weir/algorithms.def>
#undef ALGORITHM
}

TEST(Clusters, EndpointForms) {
  const Cluster cluster = cluster_of(
      "endpoints: [app.internal:8080, { address: \"[fd00::1]:80\", weight: 0, backup: true }, "
      "\"unix:/run/app.sock\"]");
  ASSERT_EQ(cluster.endpoints.size(), 3U);
  EXPECT_EQ(cluster.endpoints[0].address, (Address{"app.internal", 8080, ""}));
  EXPECT_EQ(cluster.endpoints[0].weight, 1U);
  EXPECT_EQ(cluster.endpoints[1].address, (Address{"fd00::1", 80, ""}));
  EXPECT_EQ(cluster.endpoints[1].weight, 0U);
  EXPECT_TRUE(cluster.endpoints[1].backup);
  EXPECT_EQ(cluster.endpoints[2].address, (Address{"", 0, "/run/app.sock"}));
}

TEST(Clusters, Connections) {
  const Connections connections =
      cluster_of(
          "endpoints: [10.0.0.1:80], connections: { max: 1, max_pending: 2, idle: 3, "
          "idle_timeout: 4s, connect_timeout: 5ms }")
          .connections;
  EXPECT_EQ(connections, (Connections{1, 2, 3, Millis(4000), Millis(5)}));
}

}  // namespace
}  // namespace weir::config::testing
