// Each condition of a route by table, first match over all places of the index, and what
// normalize_path changes.
#include "traffic/router.h"

#include <gtest/gtest.h>

#include "unit/traffic/fake_request.h"

namespace weir::traffic {
namespace {

using config::PathMatch;
using config::TextMatch;

std::unique_ptr<const Router> router_of(std::vector<config::Route> routes) {
  auto router = Router::make(config_of(std::move(routes)));
  EXPECT_TRUE(router) << router.error();
  return std::move(*router);
}

// The index of the matching route; -1 for none, -2 for a refused path.
int route_of(const Router& router, const RequestView& request) {
  Buffer scratch;
  const auto choice = router.match(request, scratch);
  if (choice) return static_cast<int>(choice->route);
  return choice.error().code == Errc::no_route ? -1 : -2;
}

bool matches(config::Match match, const RequestView& request) {
  return route_of(*router_of({route_on("r", std::move(match))}), request) == 0;
}

TEST(Router, HostTable) {
  const std::string longest(255, 'a');
  const std::string too_long(256, 'a');
  struct Row {
    std::string pattern;
    std::string host;
    bool matches;
  };
  const Row rows[] = {
      {"a.test", "a.test", true},
      {"a.test", "A.Test", true},
      {"A.Test", "a.test", true},
      {"a.test", "a.test.", true},
      {"a.test.", "a.test", true},
      {"a.test", "a.test..", false},
      {"a.test", "b.a.test", false},
      {"a.test", "", false},
      {"*.a.test", "b.a.test", true},
      {"*.a.test", "c.b.a.test", true},
      {"*.a.test", "B.A.TEST.", true},
      {"*.a.test", "a.test", false},
      {"*.a.test", ".a.test", false},
      {"*.a.test", "ba.test", false},
      {"*.a.test", "b.a.testing", false},
      {"*", "anything", true},
      {"*", "", true},
      {"", "", false},
      {"[::1]", "[::1]", true},
      {longest, longest, true},
      {longest, longest + ".", true},
      {too_long, too_long, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(matches(hosts({row.pattern}), get(row.host, "/")), row.matches)
        << row.pattern << " and " << row.host;
  }
}

TEST(Router, PathTable) {
  struct Row {
    PathMatch kind;
    const char* wanted;
    const char* path;
    bool matches;
  };
  const Row rows[] = {
      {PathMatch::prefix, "/", "/", true},
      {PathMatch::prefix, "/", "/x", true},
      {PathMatch::prefix, "/", "*", true},
      {PathMatch::prefix, "", "/x", true},
      {PathMatch::prefix, "/api", "/api", true},
      {PathMatch::prefix, "/api", "/api/", true},
      {PathMatch::prefix, "/api", "/api/x", true},
      {PathMatch::prefix, "/api", "/apix", false},
      {PathMatch::prefix, "/api", "/ap", false},
      {PathMatch::prefix, "/api", "/API", false},
      {PathMatch::prefix, "/api", "/x/api", false},
      {PathMatch::prefix, "/api/", "/api/", true},
      {PathMatch::prefix, "/api/", "/api/x", true},
      {PathMatch::prefix, "/api/", "/api", false},
      {PathMatch::exact, "/api", "/api", true},
      {PathMatch::exact, "/api", "/api/", false},
      {PathMatch::exact, "/", "/", true},
      {PathMatch::exact, "/", "/x", false},
      {PathMatch::exact, "*", "*", true},
      {PathMatch::regex, "/a.c", "/abc", true},
      {PathMatch::regex, "/a.c", "/abcd", false},
      {PathMatch::regex, "a.c", "/abc", false},
      {PathMatch::regex, "/a|/b", "/b", true},
      {PathMatch::regex, "/a|/b", "/bc", false},
      {PathMatch::regex, "/.*\\.png", "/img/x.png", true},
      {PathMatch::regex, "/.*", "/\xff", true},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(matches(path(row.kind, row.wanted), get("a.test", row.path)), row.matches)
        << row.wanted << " and " << row.path;
  }
}

TEST(Router, MethodTable) {
  struct Row {
    std::vector<std::string> wanted;
    const char* method;
    bool matches;
  };
  const Row rows[] = {
      {{}, "PURGE", true},
      {{"GET"}, "GET", true},
      {{"GET"}, "HEAD", true},
      {{"HEAD"}, "GET", false},
      {{"GET"}, "get", false},
      {{"GET"}, "POST", false},
      {{"PUT", "POST"}, "POST", true},
      {{"POST"}, "HEAD", false},
  };
  for (const Row& row : rows) {
    config::Match match;
    match.methods = row.wanted;
    RequestView request = get("a.test", "/");
    request.method = row.method;
    EXPECT_EQ(matches(match, request), row.matches) << row.method;
  }
}

TEST(Router, ListenerMatchesByName) {
  config::Match match;
  match.listeners = {"internal"};
  RequestView request = get("a.test", "/");
  EXPECT_FALSE(matches(match, request));
  request.listener = 1;
  EXPECT_TRUE(matches(match, request));
  match.listeners = {"unknown"};
  EXPECT_FALSE(matches(match, request));
}

TEST(Router, HeaderTable) {
  struct Row {
    config::FieldMatch match;
    FakeFields fields;
    bool matches;
  };
  const Row rows[] = {
      {{"x-a", TextMatch::present, "", false}, {{"X-A", ""}}, true},
      {{"x-a", TextMatch::present, "", false}, {{"X-B", ""}}, false},
      {{"x-a", TextMatch::present, "", true}, {}, true},
      {{"x-a", TextMatch::present, "", true}, {{"x-a", "1"}}, false},
      {{"x-a", TextMatch::exact, "1", false}, {{"x-a", "1"}}, true},
      {{"x-a", TextMatch::exact, "1", false}, {{"x-a", "11"}}, false},
      {{"x-a", TextMatch::exact, "v", false}, {{"x-a", "V"}}, false},
      {{"x-a", TextMatch::exact, "1", false}, {{"x-a", "2"}, {"x-a", "1"}}, true},
      {{"x-a", TextMatch::exact, "1", true}, {{"x-a", "2"}, {"x-a", "1"}}, false},
      {{"x-a", TextMatch::exact, "1", true}, {{"x-a", "2"}}, true},
      {{"x-a", TextMatch::exact, "1", true}, {}, true},
      {{"x-a", TextMatch::prefix, "Bearer ", false}, {{"x-a", "Bearer x"}}, true},
      {{"x-a", TextMatch::prefix, "Bearer ", false}, {{"x-a", "Basic x"}}, false},
      {{"x-a", TextMatch::regex, "[0-9]+", false}, {{"x-a", "123"}}, true},
      {{"x-a", TextMatch::regex, "[0-9]+", false}, {{"x-a", "123x"}}, false},
      {{"x-a", TextMatch::regex, ".*", false}, {{"x-a", "\xff\xfe"}}, true},
  };
  for (const Row& row : rows) {
    config::Match match;
    match.headers = {row.match};
    RequestView request = get("a.test", "/");
    request.fields = &row.fields;
    EXPECT_EQ(matches(match, request), row.matches) << row.match.value;
  }
}

TEST(Router, QueryTable) {
  struct Row {
    config::FieldMatch match;
    const char* query;
    bool matches;
  };
  const Row rows[] = {
      {{"v", TextMatch::exact, "2", false}, "v=2", true},
      {{"v", TextMatch::exact, "2", false}, "a=1&v=2", true},
      {{"v", TextMatch::exact, "2", false}, "v=1&v=2", true},
      {{"v", TextMatch::exact, "2", false}, "V=2", false},
      {{"v", TextMatch::exact, "2", false}, "vv=2", false},
      {{"v", TextMatch::exact, "2", false}, "%76=%32", true},
      {{"v", TextMatch::exact, "a b", false}, "v=a+b", true},
      {{"v", TextMatch::exact, "a+b", false}, "v=a%2Bb", true},
      {{"v", TextMatch::exact, "%zz", false}, "v=%zz", true},
      {{"v", TextMatch::exact, "", false}, "v", true},
      {{"v", TextMatch::present, "", false}, "v", true},
      {{"v", TextMatch::present, "", false}, "", false},
      {{"v", TextMatch::present, "", true}, "", true},
      {{"v", TextMatch::prefix, "be", false}, "v=%62eta", true},
      {{"v", TextMatch::regex, "a.b", false}, "v=a%0Ab", true},
      {{"v", TextMatch::regex, "a", true}, "v=a", false},
  };
  for (const Row& row : rows) {
    config::Match match;
    match.query = {row.match};
    EXPECT_EQ(matches(match, get("a.test", "/", row.query)), row.matches) << row.query;
  }
}

TEST(Router, FirstInFileOrderWinsWhereverItStandsInTheIndex) {
  config::Match api = path(PathMatch::prefix, "/api");
  config::Match exact = hosts({"a.test"});
  exact.path_kind = PathMatch::exact;
  exact.path = "/api/v1";
  const auto router = router_of({
      route_on("wildcard deep", hosts({"*.x.test"})),
      route_on("exact path", exact),
      route_on("any host", api),
      route_on("exact host", hosts({"a.test", "y.x.test"})),
      route_on("wildcard", hosts({"*.test"})),
      route_on("rest", {}),
  });
  EXPECT_EQ(route_of(*router, get("y.x.test", "/")), 0);
  EXPECT_EQ(route_of(*router, get("a.test", "/api/v1")), 1);
  EXPECT_EQ(route_of(*router, get("a.test", "/api/v2")), 2);
  EXPECT_EQ(route_of(*router, get("b.test", "/api")), 2);
  EXPECT_EQ(route_of(*router, get("a.test", "/apis")), 3);
  EXPECT_EQ(route_of(*router, get("b.test", "/")), 4);
  EXPECT_EQ(route_of(*router, get("test", "/")), 5);
  EXPECT_EQ(route_of(*router, get("", "/")), 5);
}

TEST(Router, OneRouteUnderSeveralHostsAndTwice) {
  const auto router = router_of({
      route_on("r", hosts({"a.test", "a.test", "*.a.test", "*"})),
      route_on("never", hosts({"a.test"})),
  });
  EXPECT_EQ(route_of(*router, get("a.test", "/")), 0);
  EXPECT_EQ(route_of(*router, get("b.a.test", "/")), 0);
  EXPECT_EQ(route_of(*router, get("c.test", "/")), 0);
}

TEST(Router, NoRoutesAndNoMatch) {
  EXPECT_EQ(route_of(*router_of({}), get("a.test", "/")), -1);
  EXPECT_EQ(route_of(*router_of({route_on("r", hosts({"b.test"}))}), get("a.test", "/")), -1);
}

TEST(Router, ThousandPathsOnOneHost) {
  std::vector<config::Route> routes;
  for (int i = 0; i < 1000; ++i) {
    routes.push_back(route_on("r", path(PathMatch::prefix, "/service-" + std::to_string(i))));
  }
  const auto router = router_of(std::move(routes));
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(route_of(*router, get("a.test", "/service-" + std::to_string(i) + "/x")), i);
  }
  EXPECT_EQ(route_of(*router, get("a.test", "/service-1000")), -1);
}

TEST(Router, TenThousandHosts) {
  std::vector<config::Route> routes;
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = std::to_string(i) + ".test";
    routes.push_back(route_on("r", hosts({i % 2 == 0 ? "h" + name : "*.h" + name})));
  }
  const auto router = router_of(std::move(routes));
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "h" + std::to_string(i) + ".test";
    EXPECT_EQ(route_of(*router, get(i % 2 == 0 ? name : "www." + name, "/")), i);
  }
  EXPECT_EQ(route_of(*router, get("h10000.test", "/")), -1);
}

TEST(Router, NormalizedPathIsWhatIsMatchedAndHandedBack) {
  config::Route admin = route_on("admin", path(PathMatch::prefix, "/admin"));
  admin.normalize_path = true;
  const auto router = router_of({admin, route_on("rest", {})});
  Buffer scratch;
  for (const char* trick :
       {"/admin/x", "/x/../admin/x", "/%61dmin/x", "//admin//x", "/./admin/x"}) {
    const auto choice = router->match(get("a.test", trick), scratch);
    ASSERT_TRUE(choice) << trick;
    EXPECT_EQ(choice->route, 0U) << trick;
    EXPECT_EQ(choice->path, "/admin/x") << trick;
  }
  const auto rest = router->match(get("a.test", "/x//y"), scratch);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->route, 1U);
  EXPECT_EQ(rest->path, "/x//y") << "another route goes by the path as received";
}

TEST(Router, PathThatCannotBeNormalizedDoesNotSlipPast) {
  config::Match inside = path(PathMatch::prefix, "/admin");
  inside.methods = {"POST"};
  config::Route admin = route_on("admin", inside);
  admin.normalize_path = true;
  const auto router =
      router_of({route_on("open", path(PathMatch::prefix, "/open")), admin, route_on("rest", {})});
  RequestView request = get("a.test", "/x/%00");
  EXPECT_EQ(route_of(*router, request), 2) << "the method rules the normalising route out";
  request.method = "POST";
  EXPECT_EQ(route_of(*router, request), -2);
  request.path = "/open/%00";
  EXPECT_EQ(route_of(*router, request), 0) << "an earlier route decides by the received path";
}

TEST(Router, RoutesOfNormalizingPathsAreNormalizedThemselves) {
  config::Route route = route_on("r", path(PathMatch::exact, "/caf%c3%a9/./x"));
  route.normalize_path = true;
  const auto router = router_of({route});
  EXPECT_EQ(route_of(*router, get("a.test", "/caf%C3%a9/x")), 0);
}

TEST(Router, WrongRoutesAreNamed) {
  config::Route route = route_on("shop", path(PathMatch::regex, "/("));
  auto router = Router::make(config_of({route}));
  ASSERT_FALSE(router);
  EXPECT_EQ(router.error(), "route 'shop': path: missing ): /(");

  config::Match match;
  match.headers = {{"x-a", TextMatch::regex, "[", false}};
  router = Router::make(config_of({route_on("shop", match)}));
  ASSERT_FALSE(router);
  EXPECT_NE(router.error().find("header condition on x-a"), std::string::npos) << router.error();

  route = route_on("shop", path(PathMatch::prefix, "/%zz"));
  route.normalize_path = true;
  router = Router::make(config_of({route}));
  ASSERT_FALSE(router);
  EXPECT_EQ(router.error(), "route 'shop': path: /%zz cannot be normalised");
}

}  // namespace
}  // namespace weir::traffic
