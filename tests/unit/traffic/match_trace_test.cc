// The words of the match trace, one test row per condition.
#include "traffic/match_trace.h"

#include <gtest/gtest.h>

#include "unit/traffic/fake_request.h"

namespace weir::traffic {
namespace {

using config::PathMatch;
using config::TextMatch;

std::vector<TraceStep> trace(const config::Config& config, const RequestView& request) {
  const auto router = Router::make(config);
  EXPECT_TRUE(router) << router.error();
  return trace_match(config, **router, request);
}

config::Match on_header(config::FieldMatch condition) {
  config::Match match;
  match.headers.push_back(std::move(condition));
  return match;
}

TEST(MatchTrace, SaysWhichConditionFails) {
  config::Match listener;
  listener.listeners = {"internal"};
  config::Match method;
  method.methods = {"POST", "PUT"};
  config::Match query;
  query.query = {{"v", TextMatch::exact, "2", false}};
  const std::pair<config::Match, const char*> rows[] = {
      {listener, "listener web is not internal"},
      {hosts({"b.test", "*.c.test"}), "host a.test is not one of b.test, *.c.test"},
      {path(PathMatch::prefix, "/api"), "path /x is not under /api"},
      {path(PathMatch::exact, "/y"), "path /x is not /y"},
      {path(PathMatch::regex, "/[0-9]+"), "path /x does not match /[0-9]+"},
      {method, "method GET is not one of POST, PUT"},
      {on_header({"x-a", TextMatch::present, "", false}), "no header x-a is given"},
      {on_header({"x-a", TextMatch::exact, "1", false}), "no header x-a is '1'"},
      {on_header({"x-a", TextMatch::prefix, "1", false}), "no header x-a begins with '1'"},
      {on_header({"x-a", TextMatch::regex, "[0-9]", false}), "no header x-a matches [0-9]"},
      {on_header({"x-b", TextMatch::present, "", true}), "a header x-b is present"},
      {on_header({"x-b", TextMatch::exact, "1", true}), "a header x-b is '1'"},
      {query, "no query parameter v is '2'"},
  };
  const FakeFields fields{{"x-b", "1"}};
  RequestView request = get("a.test", "/x", "v=1");
  request.fields = &fields;
  for (const auto& [match, words] : rows) {
    const auto steps = trace(config_of({route_on("r", match)}), request);
    ASSERT_EQ(steps.size(), 1U);
    EXPECT_EQ(steps[0].outcome, TraceOutcome::passed_over);
    EXPECT_EQ(steps[0].reason, words);
  }
}

TEST(MatchTrace, NamesTheConditionThatFailsNotTheFirstOfTheList) {
  config::Match match;
  match.headers = {{"x-b", TextMatch::present, "", false}, {"x-c", TextMatch::present, "", false}};
  const FakeFields fields{{"x-b", "1"}};
  RequestView request = get("a.test", "/");
  request.fields = &fields;
  const auto steps = trace(config_of({route_on("r", match)}), request);
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].reason, "no header x-c is given");
}

TEST(MatchTrace, EndsAtTheMatch) {
  const auto steps = trace(
      config_of({route_on("no", hosts({"b.test"})), route_on("yes", {}), route_on("unseen", {})}),
      get("a.test", "/"));
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[1].route, 1U);
  EXPECT_EQ(steps[1].outcome, TraceOutcome::matched);
  EXPECT_EQ(steps[1].reason, "");
}

TEST(MatchTrace, MissingHostAndRefusedPath) {
  config::Route normal = route_on("n", path(PathMatch::prefix, "/a"));
  normal.normalize_path = true;
  const auto steps = trace(
      config_of({route_on("h", hosts({"b.test"})), normal, route_on("rest", {})}), get("", "/%00"));
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].reason, "host (none) is not b.test");
  EXPECT_EQ(steps[1].outcome, TraceOutcome::refused);
  EXPECT_EQ(steps[1].reason, "path /%00 cannot be normalised");
}

TEST(MatchTrace, NoRoutes) {
  EXPECT_TRUE(trace(config_of({}), get("a.test", "/")).empty());
}

}  // namespace
}  // namespace weir::traffic
