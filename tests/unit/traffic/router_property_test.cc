// The indexed router against the naive walk over all routes, on random route tables and requests;
// and the match trace against the router, on the same.
#include <gtest/gtest.h>

#include "traffic/match_trace.h"
#include "traffic/router.h"
#include "unit/traffic/fake_request.h"
#include "unit/traffic/naive_router.h"
#include "unit/traffic/random_routes.h"

namespace weir::traffic {
namespace {

naive::Answer answer_of(const Result<RouteChoice>& choice) {
  using Kind = naive::Answer::Kind;
  if (choice)
    return {.kind = Kind::matched, .route = choice->route, .path = std::string(choice->path)};
  const bool refused = choice.error().code == Errc::bad_target;
  return {.kind = refused ? Kind::bad_target : Kind::no_route, .route = 0, .path = {}};
}

std::string describe(std::uint64_t seed, const RequestView& request) {
  return "seed " + std::to_string(seed) + ": " + std::string(request.method) + " " +
         std::string(request.host) + " " + std::string(request.path) + "?" +
         std::string(request.query);
}

TEST(RouterProperty, IndexedEqualsNaive) {
  std::array<std::size_t, 3> outcomes{};
  Buffer scratch;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    RandomRoutes random(seed);
    const config::Config config = random.config();
    const auto router = Router::make(config);
    ASSERT_TRUE(router) << router.error();
    for (int i = 0; i < 100; ++i) {
      FakeFields fields;
      const RequestView request = random.request(fields);
      const naive::Answer expected = naive::match(config, request);
      const naive::Answer actual = answer_of((*router)->match(request, scratch));
      ASSERT_EQ(actual.kind, expected.kind) << describe(seed, request);
      ASSERT_EQ(actual.route, expected.route) << describe(seed, request);
      ASSERT_EQ(actual.path, expected.path) << describe(seed, request);
      ++outcomes[static_cast<std::size_t>(expected.kind)];
    }
  }
  // The tables and requests are of use only while every outcome is common.
  for (const std::size_t count : outcomes) EXPECT_GT(count, 500U);
}

TEST(RouterProperty, TraceEndsWhereTheRouterDecides) {
  Buffer scratch;
  for (std::uint64_t seed = 5000; seed < 5200; ++seed) {
    RandomRoutes random(seed);
    const config::Config config = random.config();
    const auto router = Router::make(config);
    ASSERT_TRUE(router) << router.error();
    for (int i = 0; i < 50; ++i) {
      FakeFields fields;
      const RequestView request = random.request(fields);
      const auto choice = (*router)->match(request, scratch);
      const auto steps = trace_match(config, **router, request);
      ASSERT_FALSE(steps.empty());
      const TraceStep& last = steps.back();
      if (choice) {
        ASSERT_EQ(last.outcome, TraceOutcome::matched) << describe(seed, request);
        ASSERT_EQ(last.route, choice->route) << describe(seed, request);
      } else if (choice.error().code == Errc::bad_target) {
        ASSERT_EQ(last.outcome, TraceOutcome::refused) << describe(seed, request);
      } else {
        ASSERT_EQ(last.outcome, TraceOutcome::passed_over) << describe(seed, request);
        ASSERT_EQ(steps.size(), config.routes.size());
      }
      for (const TraceStep& step : steps) {
        ASSERT_EQ(step.reason.empty(), step.outcome == TraceOutcome::matched);
      }
    }
  }
}

}  // namespace
}  // namespace weir::traffic
