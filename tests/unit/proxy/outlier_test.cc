// What requests tell of an endpoint: what counts against it and what does not, and what becomes of
// requests when it is out. Also the limits of a cluster on requests and retries.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "release_scenario.h"
#include "support/scenario.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

class OutlierTest : public ExchangeTest {
 protected:
  OutlierTest() {
    set_endpoints(2);
    route().retry.attempts = 0;
    cluster().outlier.consecutive_failures = 1;
  }
  std::uint32_t blamed() {
    return endpoint(0).conduct().failures() + endpoint(1).conduct().failures() +
           endpoint(0).conduct().ejections() + endpoint(1).conduct().ejections();
  }
};

TEST_F(OutlierTest, ARefusedConnectionEjectsAndTheOtherServes) {
  Party& client = connect();
  client.sends(kGet);
  refuse();
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_TRUE(endpoint(0).ejected());
  client.sends(kGet);
  Party& other = accept();
  for (int n = 0; n < 4; ++n) {
    other.sends(kOk);
    EXPECT_EQ(client.receives().status(), 200);
    client.sends(kGet);
  }
  EXPECT_EQ(connected_to(), "10.0.0.2:80");
  EXPECT_EQ(connector.targets().size(), 2U);
}

TEST_F(OutlierTest, WhatCounts) {
  struct Case {
    std::string name, answer;
  };
  for (const Case& one : {Case{"status", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"},
                          Case{"nothing", ""}, Case{"malformed", "HTTP/1.1 2000 OK\r\n\r\n"},
                          Case{"truncated", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx"}}) {
    SCOPED_TRACE(one.name);
    endpoint(0).set_ejected(false);
    endpoint(1).set_ejected(false);
    const std::uint32_t before = blamed();
    Party& client = connect();
    client.sends(kGet);
    Party& origin = accept();
    if (!one.answer.empty()) origin.sends(one.answer);
    origin.closes();
    EXPECT_GT(blamed(), before);
    client.closes();
  }
}

TEST_F(OutlierTest, ALateAnswerCounts) {
  Party& client = connect();
  client.sends(kGet);
  accept();
  advance(30100ms);
  EXPECT_EQ(client.receives().status(), 504);
  EXPECT_EQ(blamed(), 1U);
}

TEST_F(OutlierTest, ARequestTimeoutCountsOnlyWhileTheOriginHasIt) {
  route().timeouts.request = 1s;
  Party& slow_client = connect();
  slow_client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nx");
  accept();
  advance(1100ms);
  EXPECT_EQ(slow_client.receives().status(), 504);
  EXPECT_EQ(blamed(), 0U);
  Party& client = connect();
  client.sends(kGet);
  accept();
  advance(1100ms);
  EXPECT_EQ(client.receives().status(), 504);
  EXPECT_EQ(blamed(), 1U);
}

TEST_F(OutlierTest, AClientThatLeavesDoesNotCount) {
  Party& client = connect();
  client.sends(kGet);
  accept();
  client.closes();
  Party& another = connect();
  another.sends(kGet);
  accept().sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx");
  another.resets();
  EXPECT_EQ(blamed(), 0U);
}

TEST_F(OutlierTest, OverloadDoesNotCount) {
  cluster().connections.max = 1;
  cluster().connections.max_pending = 0;
  Party& first = connect();
  first.sends(kGet);
  Party& origin = accept();
  Party& second = connect();
  second.sends(kGet);
  EXPECT_EQ(second.receives().status(), 503);
  origin.sends(kOk);
  EXPECT_EQ(first.receives().status(), 200);
  EXPECT_EQ(blamed(), 0U);
}

TEST_F(OutlierTest, MissingDescriptorsDoNotCount) {
  Party& client = connect();
  client.sends(kGet);
  refuse({Errc::out_of_descriptors});
  EXPECT_EQ(client.receives().status(), 503);
  EXPECT_EQ(blamed(), 0U);
}

TEST_F(OutlierTest, AnIdleConnectionThatClosesDoesNotCount) {
  set_endpoints(1);
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
  origin.closes();
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(endpoint(0).conduct().failures(), 0U);
}

TEST_F(OutlierTest, AClientsMistakeAtTheOriginIsASuccess) {
  cluster().outlier.consecutive_failures = 2;
  set_endpoints(1);
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 503);
  EXPECT_EQ(endpoint(0).conduct().failures(), 1U);
  client.sends(kGet);
  origin.sends("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 404);
  EXPECT_EQ(endpoint(0).conduct().failures(), 0U);
}

TEST_F(OutlierTest, EachFailedTryCountsOnce) {
  cluster().outlier.consecutive_failures = 9;
  route().retry.attempts = 1;
  Party& client = connect();
  client.sends(kGet);
  refuse();
  refuse();
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(endpoint(0).conduct().failures(), 1U);
  EXPECT_EQ(endpoint(1).conduct().failures(), 1U);
}

TEST_F(OutlierTest, ARetryMayStillGoToTheEjected) {
  route().retry.attempts = 1;
  start_now();
  endpoint(0).set_ejected(true);
  Party& client = connect();
  client.sends(kGet);
  EXPECT_EQ(connected_to(), "10.0.0.2:80");
  refuse();
  EXPECT_EQ(connected_to(), "10.0.0.1:80");
  accept().sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
}

class ReleaseOutlierTest : public ReleaseTest {
 protected:
  ReleaseOutlierTest() {
    for (config::Cluster& each : file.clusters) {
      each.outlier.consecutive_failures = 1;
      each.outlier.max_ejected_percent = 100;
    }
  }
};

TEST_F(ReleaseOutlierTest, ADeadCandidatesShareGoesToTheStableVariant) {
  use_split(0, 100);
  Party& client = connect();
  client.sends(kUserGet);
  refuse();  // rescued
  Party& stable = accept();
  stable.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
  EXPECT_TRUE(candidate_endpoint().ejected());
  client.sends(kUserGet);
  EXPECT_EQ(connecting(), 0U);  // nobody asks the candidate
  stable.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
  EXPECT_EQ(last_record().variant_reason, "failover");
}

TEST_F(ReleaseOutlierTest, AFullCandidatesShareGoesToTheStableVariant) {
  file.clusters[1].connections.max_requests = 1;
  use_split(0, 100);
  Party& one = connect();
  one.sends(kUserGet);
  Party& candidate = accept();
  Party& two = connect();
  two.sends(kUserGet);
  EXPECT_EQ(connected_to(), kStable);
  accept().sends(kOk);
  EXPECT_EQ(two.receives().status(), 200);
  EXPECT_EQ(last_record().variant_reason, "failover");
  candidate.sends(kOk);
  EXPECT_EQ(one.receives().status(), 200);
}

TEST_F(ReleaseOutlierTest, CopiesEjectNobody) {
  use_mirror();
  Party& client = connect();
  client.sends(kUserGet);
  accept_at(kStable).sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
  refuse();
  EXPECT_EQ(copies_ended().size(), 1U);
  EXPECT_FALSE(candidate_endpoint().ejected());
  EXPECT_EQ(candidate_endpoint().conduct().failures(), 0U);
}

class LimitTest : public ExchangeTest {};

TEST_F(LimitTest, RequestsBeyondTheLimitAreAnswered503) {
  cluster().connections.max_requests = 2;
  Party& one = connect();
  Party& two = connect();
  Party& three = connect();
  one.sends(kGet);
  Party& first = accept();
  two.sends(kGet);
  accept();
  three.sends(kGet);
  EXPECT_EQ(three.receives().status(), 503);
  EXPECT_EQ(last_record().values.reason, Errc::overloaded);
  first.sends(kOk);
  EXPECT_EQ(one.receives().status(), 200);
  three.sends(kGet);
  first.sends(kOk);
  EXPECT_EQ(three.receives().status(), 200);
  two.closes();
}

TEST_F(LimitTest, AWaitingRequestKeepsItsPlace) {
  cluster().connections = {.max = 1, .max_pending = 5, .max_requests = 2};
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  Party& origin = accept();
  two.sends(kGet);
  origin.sends(kOk);
  EXPECT_EQ(one.receives().status(), 200);
  one.sends(kGet);  // waits now: two has the connection
  origin.sends(kOk);
  EXPECT_EQ(two.receives().status(), 200);
  origin.sends(kOk);
  EXPECT_EQ(one.receives().status(), 200);
}

TEST_F(LimitTest, RetriesBeyondTheLimitAreNotMade) {
  cluster().connections.max_retries = 1;
  set_endpoints(3);
  Party& one = connect();
  one.sends(kGet);
  refuse();
  Party& origin = accept();  // the retry, which takes its time
  Party& two = connect();
  two.sends(kGet);
  refuse();
  EXPECT_EQ(two.receives().status(), 502);
  origin.sends(kOk);
  EXPECT_EQ(one.receives().status(), 200);
  origin.closes();
  Party& three = connect();
  three.sends(kGet);
  refuse();
  accept().sends(kOk);
  EXPECT_EQ(three.receives().status(), 200);
}

}  // namespace
}  // namespace weir::test
