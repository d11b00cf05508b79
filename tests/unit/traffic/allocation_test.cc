// Matching, splitting and sampling allocate nothing: the test program's operator new counts.
// Who adds a decision to the data path adds it here.
#include <gtest/gtest.h>

#include "support/allocation_count.h"
#include "traffic/cookies.h"
#include "traffic/rate_limiter.h"
#include "traffic/router.h"
#include "traffic/sampling.h"
#include "unit/traffic/fake_request.h"
#include "unit/traffic/fake_split.h"

namespace weir::traffic {
namespace {

using config::PathMatch;
using config::TextMatch;

config::Config every_condition() {
  config::Match full = hosts({"a.test", "*.b.test"});
  full.listeners = {"web"};
  full.path = "/api";
  full.methods = {"GET"};
  full.headers = {{"x-user", TextMatch::prefix, "1", false},
                  {"x-kind", TextMatch::regex, "[a-z]+", false}};
  full.query = {{"q", TextMatch::exact, "a b", false}};
  config::Route normal = route_on("normal", path(PathMatch::prefix, "/admin"));
  normal.normalize_path = true;
  return config_of({normal, route_on("regex", path(PathMatch::regex, "/img/.*\\.png")),
                    route_on("full", full), route_on("rest", {})});
}

TEST(Allocation, MatchMakesNone) {
  const auto router = Router::make(every_condition());
  ASSERT_TRUE(router);
  const FakeFields fields{{"X-User", "12"}, {"X-Kind", "abc"}, {"Cookie", "a=b; sid=1"}};
  const std::string long_label(60, 'w');
  const std::string host = long_label + "." + long_label + ".b.test";
  RequestView requests[] = {get("A.test", "/api/x", "p=1&q=a%20b"), get(host, "/api"),
                            get("c.test", "/img/a.png"), get("c.test", "/x/..//%61dmin/y"),
                            get("", "/none")};
  requests[1].query = "q=a+b";
  for (RequestView& request : requests) request.fields = &fields;

  Buffer scratch;
  std::vector<std::uint32_t> first;
  for (const RequestView& request : requests) {  // grows the scratch buffer and RE2's caches
    const auto choice = (*router)->match(request, scratch);
    ASSERT_TRUE(choice);
    first.push_back(choice->route);
  }
  EXPECT_EQ(first, (std::vector<std::uint32_t>{2, 2, 1, 0, 3}));

  std::uint32_t routes = 0;
  std::size_t cookies = 0;
  const std::size_t before = test::allocations();
  for (int i = 0; i < 100; ++i) {
    for (const RequestView& request : requests) {
      routes += (*router)->match(request, scratch)->route;
      cookies += find_cookie(&fields, "sid")->size();
    }
  }
  const std::size_t after = test::allocations();
  EXPECT_EQ(after - before, 0U);
  EXPECT_EQ(routes, 800U);
  EXPECT_EQ(cookies, 500U);
}

TEST(Allocation, SplitAndSampleMakeNone) {
  config::Split settings = split_of(
      {90, 5, 5},
      {key_of(config::KeySource::header, "X-User"), key_of(config::KeySource::query, "u"),
       key_of(config::KeySource::cookie, "sid"), key_of(config::KeySource::issued_cookie, "id")});
  settings.override.header = "X-Variant";
  settings.override.cookie = "variant";
  settings.override.secret = "a secret that no small string holds";
  const Split split(settings, "shop");
  SplitWeights weights(split.file_weights());
  config::Mirror mirror;
  mirror.share = {1, 2};
  mirror.by = config::MirrorBy::key;
  const FakeFields requests[] = {
      {{"X-User", std::string(10'000, 'x')}},
      {{"Cookie", "a=b; sid=a session id that no small string holds"}},
      {{"Cookie", "id=garbage; variant=canary:a secret that no small string holds"}},
      {{"X-Variant", "canary:wrong"}},
      {}};
  Random random(1);
  std::size_t copies = 0;
  const std::size_t before = test::allocations();
  for (std::uint32_t i = 0; i < 100; ++i) {
    weights.set(weights_of({100, i, 5}));
    for (const FakeFields& fields : requests) {
      RequestView request = get("a.test", "/", i % 2 == 0 ? "u=a%20b+c" : "");
      request.fields = &fields;
      const SplitChoice choice = split.choose(request, {}, weights.get(split.size()), random);
      copies += sample(mirror, "GET", &choice.point, random) == SampleVerdict::taken;
    }
  }
  EXPECT_EQ(test::allocations() - before, 0U);
  EXPECT_GT(copies, 0U);
}

TEST(Allocation, LimitMakesNone) {
  config::RateLimit settings{.requests = 10, .burst = 10, .key = {}, .max_keys = 16};
  settings.key = key_of(config::KeySource::cookie, "sid");
  RateLimiter limiter(settings, 1);
  std::size_t refused = 0;
  const FakeFields none;
  const std::size_t before = test::allocations();
  for (std::uint64_t i = 0; i < 1000; ++i) {
    RequestView request = get("a.test", "/");
    request.fields = &none;
    refused += limiter.take(request, {}, i).admitted ? 0 : 1;
  }
  EXPECT_EQ(test::allocations() - before, 0U);
  EXPECT_EQ(refused, 990U);
}

TEST(Allocation, IsCounted) {
  const std::size_t before = test::allocations();
  std::string text(100, 'x');
  EXPECT_EQ(text.size(), 100U);
  EXPECT_EQ(test::allocations() - before, 1U);
}

}  // namespace
}  // namespace weir::traffic
