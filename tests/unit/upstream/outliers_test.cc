// Ejection by the numbers: when, for how long, how many at most; and the marks of an endpoint that
// decide whether it takes requests.
#include "upstream/outliers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

constexpr Fault kRefused{.code = Errc::connect_refused};
constexpr Fault kStatus{.status = 503};

class Outliers : public testing::Test {
 protected:
  explicit Outliers(std::size_t count = 4) {
    settings_.name = "c";
    settings_.outlier.ejection = 10s;
    settings_.outlier.max_ejection = 60s;
    make(count);
  }

  void make(std::size_t count) {
    std::vector<std::shared_ptr<Endpoint>> endpoints;
    for (std::size_t i = 0; i < count; ++i) {
      endpoints.push_back(std::make_shared<Endpoint>(std::to_string(i), SocketAddress{}, 1, false));
    }
    setup_ = std::make_shared<const ClusterSetup>(settings_, std::move(endpoints));
    cluster_ = std::make_unique<Cluster>(setup_);
  }
  Endpoint& endpoint(std::size_t i) { return *setup_->endpoints[i]; }
  void fails(std::size_t i, int times, Fault fault = kRefused) {
    for (int n = 0; n < times; ++n) judge(*cluster_, *setup_, endpoint(i), fault, now_);
  }
  void succeeds(std::size_t i) { judge(*cluster_, *setup_, endpoint(i), {}, now_); }
  // What the supervisor does when the time is over.
  void comes_back(std::size_t i) {
    now_ = endpoint(i).conduct().ejected_until_ms();
    endpoint(i).conduct().come_back(now_);
    endpoint(i).set_ejected(false);
  }
  net::TimeMs ejected_for(std::size_t i) { return endpoint(i).conduct().ejected_until_ms() - now_; }

  config::Cluster settings_;
  std::shared_ptr<const ClusterSetup> setup_;
  std::unique_ptr<Cluster> cluster_;
  net::TimeMs now_ = 1'000'000;
};

TEST_F(Outliers, FiveFailuresInARowEject) {
  fails(0, 4);
  EXPECT_FALSE(endpoint(0).ejected());
  fails(0, 1, kStatus);
  EXPECT_TRUE(endpoint(0).ejected());
  EXPECT_FALSE(endpoint(0).takes_requests());
  EXPECT_TRUE(endpoint(0).healthy());
  EXPECT_EQ(endpoint(0).conduct().last_fault().status, 503);
  EXPECT_EQ(ejected_for(0), 10'000U);
}

TEST_F(Outliers, ASuccessBeginsTheCountAnew) {
  for (int n = 0; n < 5; ++n) {
    fails(0, 4);
    succeeds(0);
  }
  EXPECT_FALSE(endpoint(0).ejected());
}

TEST_F(Outliers, EachEjectionLastsTwiceTheLastUpToTheLongest) {
  for (const net::TimeMs expected : {10'000U, 20'000U, 40'000U, 60'000U, 60'000U}) {
    fails(0, 5);
    ASSERT_TRUE(endpoint(0).ejected());
    EXPECT_EQ(ejected_for(0), expected);
    comes_back(0);
  }
  EXPECT_EQ(endpoint(0).conduct().ejections(), 5U);
}

TEST_F(Outliers, ServingTakesStepsBack) {
  for (int n = 0; n < 3; ++n) {
    fails(0, 5);
    comes_back(0);
  }
  now_ += 20'000;
  fails(0, 5);
  EXPECT_EQ(ejected_for(0), 20'000U);
  comes_back(0);
  now_ += 3'600'000;
  fails(0, 5);
  EXPECT_EQ(ejected_for(0), 10'000U);
}

TEST_F(Outliers, AtMostTheirPercentageIsEjected) {
  for (std::size_t i = 0; i < 4; ++i) fails(i, 9);
  EXPECT_TRUE(endpoint(0).ejected());
  EXPECT_TRUE(endpoint(1).ejected());
  EXPECT_FALSE(endpoint(2).ejected());
  EXPECT_FALSE(endpoint(3).ejected());
  comes_back(0);
  fails(3, 1);  // it has been due all the time
  EXPECT_TRUE(endpoint(3).ejected());
}

TEST_F(Outliers, ThePercentageIsRoundedDown) {
  make(3);
  for (std::size_t i = 0; i < 3; ++i) fails(i, 5);
  EXPECT_TRUE(endpoint(0).ejected());
  EXPECT_FALSE(endpoint(1).ejected());
  make(1);
  fails(0, 50);
  EXPECT_FALSE(endpoint(0).ejected());
}

TEST_F(Outliers, TheLastThatTakesRequestsStays) {
  endpoint(1).set_healthy(false);
  endpoint(2).set_state(EndpointState::draining);
  endpoint(3).set_weight(0);
  fails(0, 50);
  EXPECT_FALSE(endpoint(0).ejected());
}

TEST_F(Outliers, AllAreEjectedWhereTheFileSaysSo) {
  settings_.outlier.max_ejected_percent = 100;
  make(1);
  fails(0, 5);
  EXPECT_TRUE(endpoint(0).ejected());
}

TEST_F(Outliers, OffMeansNever) {
  settings_.outlier.enabled = false;
  make(4);
  fails(0, 50);
  EXPECT_FALSE(endpoint(0).ejected());
  settings_.outlier = {.consecutive_failures = 0};
  make(4);
  fails(0, 50);
  EXPECT_FALSE(endpoint(0).ejected());
}

TEST_F(Outliers, WhoIsOutAlreadyIsNotEjected) {
  endpoint(0).set_healthy(false);
  fails(0, 50);
  EXPECT_FALSE(endpoint(0).ejected());
  endpoint(0).set_forced(true);
  fails(0, 50);
  EXPECT_FALSE(endpoint(0).ejected());
}

TEST_F(Outliers, RequestsAreTalliedOnlyForRates) {
  succeeds(0);
  EXPECT_EQ(endpoint(0).conduct().take_tally().requests, 0U);
  settings_.outlier.success_rate.emplace();
  make(4);
  succeeds(0);
  fails(0, 2);
  const Conduct::Tally tally = endpoint(0).conduct().take_tally();
  EXPECT_EQ(tally.requests, 3U);
  EXPECT_EQ(tally.failures, 2U);
  EXPECT_EQ(endpoint(0).conduct().take_tally().requests, 0U);
}

TEST_F(Outliers, WorkersNeverOverstepTheLimitTogether) {
  for (int round = 0; round < 200; ++round) {
    make(4);
    std::atomic<int> ready{0};
    std::vector<std::thread> workers;
    for (std::size_t i = 0; i < 4; ++i) {
      workers.emplace_back([this, i, &ready] {
        ++ready;
        while (ready < 4) {
        }
        fails(i, 8);
      });
    }
    for (std::thread& worker : workers) worker.join();
    int ejected = 0;
    for (std::size_t i = 0; i < 4; ++i) ejected += endpoint(i).ejected() ? 1 : 0;
    ASSERT_LE(ejected, 2);
    ASSERT_GE(ejected, 1);
  }
}

TEST(EndpointMarks, EachChangeIsCountedOnce) {
  Endpoint endpoint("a", SocketAddress{}, 1, false);
  auto changes = [last = Endpoint::changes()]() mutable {
    return Endpoint::changes() - std::exchange(last, Endpoint::changes());
  };
  endpoint.set_healthy(true);
  endpoint.set_ejected(false);
  EXPECT_EQ(changes(), 0U);
  endpoint.set_healthy(false);
  endpoint.set_ejected(true);
  endpoint.set_ejected(true);
  EXPECT_EQ(changes(), 2U);
  endpoint.set_share(3);
  EXPECT_EQ(changes(), 1U);
}

TEST(EndpointMarks, HealthIsSetAsideWhenForced) {
  Endpoint endpoint("a", SocketAddress{}, 1, false);
  endpoint.set_healthy(false);
  endpoint.set_ejected(true);
  endpoint.set_forced(true);
  EXPECT_TRUE(endpoint.takes_requests());
  EXPECT_FALSE(endpoint.well());
  endpoint.set_state(EndpointState::draining);
  EXPECT_FALSE(endpoint.takes_requests());
}

TEST(ClusterSlots, AreBoundedAndGivenBack) {
  const auto setup = std::make_shared<const ClusterSetup>();
  Cluster cluster(setup);
  Slot one, two, three;
  EXPECT_TRUE(cluster.add_request(2, one));
  EXPECT_TRUE(cluster.add_request(2, one));  // has its own already
  EXPECT_TRUE(cluster.add_request(2, two));
  EXPECT_FALSE(cluster.add_request(2, three));
  EXPECT_TRUE(cluster.add_retry(1, three));
  one.release();
  one.release();
  Slot four;
  EXPECT_TRUE(cluster.add_request(2, four));
}

TEST(ClusterSlots, WithoutALimitNothingIsCounted) {
  const auto setup = std::make_shared<const ClusterSetup>();
  Cluster cluster(setup);
  Slot unlimited, limited;
  EXPECT_TRUE(cluster.add_request(0, unlimited));
  EXPECT_TRUE(cluster.add_request(1, limited));
}

}  // namespace
}  // namespace weir::upstream
