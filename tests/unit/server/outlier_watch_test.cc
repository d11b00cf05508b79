// The supervisor's look at ejections, success rates, slow starts and use_all.
#include "server/outlier_watch.h"

#include "health_fixture.h"
#include "upstream/outliers.h"

namespace weir::server {
namespace {

class Watch : public HealthTest {
 protected:
  void eject(std::size_t i) {
    ASSERT_TRUE(upstream::eject(*cluster_, *cluster_->setup(), endpoint(i), wheel_.now()));
  }
  void served(std::size_t i, int successes, int failures) {
    for (int n = 0; n < successes; ++n) endpoint(i).conduct().tally(false);
    for (int n = 0; n < failures; ++n) endpoint(i).conduct().tally(true);
  }
  std::uint64_t ejections(std::string_view name) {
    return registry_.total(registry_.counter("weir_endpoint_ejections_total", "",
                                             {{"cluster", "shop"}, {"endpoint", name}}));
  }
};

TEST_F(Watch, TheEjectedComeBackWhenTheirTimeIsOver) {
  configure(2);
  eject(0);
  advance(9900ms);
  EXPECT_TRUE(endpoint(0).ejected());
  EXPECT_EQ(ejections("10.0.0.1:80"), 1U);
  advance(300ms);
  EXPECT_FALSE(endpoint(0).ejected());
  EXPECT_TRUE(endpoint(0).takes_requests());
  EXPECT_EQ(ejections("10.0.0.1:80"), 1U);
}

TEST_F(Watch, SwitchingOutliersOffBringsTheEjectedBack) {
  configure(2);
  eject(0);
  settings_.outlier.enabled = false;
  configure(2);
  EXPECT_FALSE(endpoint(0).ejected());
}

TEST_F(Watch, AnEjectionOutlivesAReload) {
  configure(2);
  eject(0);
  configure(3);
  EXPECT_TRUE(endpoint(0).ejected());
  EXPECT_EQ(ejections("10.0.0.1:80"), 1U);
}

TEST_F(Watch, WhoComesBackStartsSlowly) {
  settings_.slow_start = 10s;
  configure(2);
  EXPECT_EQ(endpoint(0).share(), Endpoint::kWholeShare);
  eject(0);
  advance(10'200ms);
  EXPECT_EQ(endpoint(0).share(), 1U);
  advance(5s);
  EXPECT_NEAR(endpoint(0).share(), 6, 1);
  advance(5s);
  EXPECT_EQ(endpoint(0).share(), Endpoint::kWholeShare);
}

TEST_F(Watch, WhoIsNewInARunningClusterStartsSlowly) {
  settings_.slow_start = 10s;
  configure(1);
  configure(2);
  EXPECT_EQ(endpoint(0).share(), Endpoint::kWholeShare);
  EXPECT_EQ(endpoint(1).share(), 1U);
}

TEST_F(Watch, WhoIsHealthyAgainStartsSlowly) {
  settings_.slow_start = 10s;
  check().healthy = 1;
  configure(2);
  answers_status(200);
  answers_status(500);
  EXPECT_EQ(endpoint(0).share(), Endpoint::kWholeShare) << "a first result is no return";
  await_check();
  while (!endpoint(1).healthy()) {
    answers_status(200);
    if (!endpoint(1).healthy()) await_check();
  }
  EXPECT_EQ(endpoint(0).share(), Endpoint::kWholeShare);
  EXPECT_EQ(endpoint(1).share(), 1U);
}

TEST_F(Watch, WhoFailsMoreThanTheOthersIsEjected) {
  settings_.outlier.success_rate.emplace();
  configure(3);
  served(0, 100, 0);
  served(1, 95, 5);
  served(2, 60, 40);
  advance(10'200ms);
  EXPECT_FALSE(endpoint(0).ejected());
  EXPECT_FALSE(endpoint(1).ejected());
  EXPECT_TRUE(endpoint(2).ejected());
  EXPECT_EQ(ejections("10.0.0.3:80"), 1U);
}

TEST_F(Watch, RatesNeedVolume) {
  settings_.outlier.success_rate.emplace();
  configure(2);
  served(0, 100, 0);
  served(1, 0, 99);
  advance(10'200ms);
  EXPECT_FALSE(endpoint(1).ejected());
  served(0, 99, 0);
  served(1, 0, 100);
  advance(10'200ms);
  EXPECT_FALSE(endpoint(1).ejected());
  served(0, 100, 0);
  served(1, 0, 100);
  advance(10'200ms);
  EXPECT_TRUE(endpoint(1).ejected());
}

TEST_F(Watch, AllEquallyBadIsNobodysFault) {
  settings_.outlier.success_rate.emplace();
  configure(3);
  for (std::size_t i = 0; i < 3; ++i) served(i, 10, 90);
  advance(10'200ms);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_FALSE(endpoint(i).ejected());
}

TEST_F(Watch, UseAllEndsWhenSomebodyIsWell) {
  settings_.when_all_unhealthy = config::WhenAllUnhealthy::use_all;
  configure(2);
  for (std::size_t i = 0; i < 2; ++i) {
    endpoint(i).set_healthy(false);
    endpoint(i).set_forced(true);  // as a worker does
  }
  advance(1s);
  EXPECT_TRUE(endpoint(0).takes_requests());
  endpoint(1).set_healthy(true);
  advance(200ms);
  EXPECT_FALSE(endpoint(0).takes_requests());
  EXPECT_TRUE(endpoint(1).takes_requests());
  EXPECT_FALSE(endpoint(1).forced());
}

}  // namespace
}  // namespace weir::server
