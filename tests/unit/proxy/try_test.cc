// Tries one after the other: the time that one may take, the wait between later ones, and the trail
// they leave in the record.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proxy/retry_policy.h"
#include "release_scenario.h"
#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::kGet;
using test::kOk;
using test::Party;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

constexpr auto kTryTime = 500ms;
constexpr auto kJustBefore = -100ms;
constexpr auto kAfter = 200ms;
constexpr std::string_view kUnavailable =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

class PerTryTimeout : public test::ExchangeTest {
 protected:
  void SetUp() override {
    set_endpoints(2);
    route().retry.per_try_timeout = kTryTime;
  }
};

TEST_F(PerTryTimeout, ATryWithoutAnAnswerIsRepeatedAtAnotherEndpoint) {
  Party& client = connect();
  client.sends(kGet);
  Party& slow = accept();
  advance(kTryTime + kJustBefore);
  EXPECT_EQ(connecting(), 0U);
  advance(kAfter);
  EXPECT_FALSE(slow.is_connected());
  accept().sends(kOk);
  EXPECT_EQ(connected_to(), "10.0.0.2:80");
  EXPECT_EQ(client.receives().status(), 200);
  EXPECT_EQ(last_record().values.attempts, 2);
}

TEST_F(PerTryTimeout, TheTimeBeginsWhenTheRequestIsSent) {
  Party& client = connect();
  client.sends(kGet);
  advance(kTryTime * 2);
  Party& origin = accept();
  advance(kTryTime + kJustBefore);
  EXPECT_TRUE(origin.is_connected());
  origin.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(PerTryTimeout, APartOfAHeadIsNoAnswerAndAWholeOneIs) {
  Party& client = connect();
  client.sends(kGet);
  accept().sends("HTTP/1.1 200 OK\r\n");
  advance(kTryTime + kAfter);
  Party& second = accept();
  second.sends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  advance(kTryTime + kAfter);
  second.sends("ok");
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(PerTryTimeout, TheLastTryHasTheTimeOfTheWholeResponse) {
  Party& client = connect();
  client.sends(kGet);
  accept();
  advance(kTryTime + kAfter);
  Party& last = accept();
  advance(limits::kResponseHeadTimeout + kJustBefore);
  EXPECT_TRUE(last.is_connected());
  advance(kAfter);
  EXPECT_EQ(client.receives().status(), 504);
  EXPECT_EQ(last_record().values.reason, Errc::response_timeout);
}

TEST_F(PerTryTimeout, APostThatWasSentGoesOn) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello");
  Party& origin = accept();
  advance(kTryTime + kAfter);
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(endpoint().conduct().failures(), 0U);
  origin.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(PerTryTimeout, WithNowhereElseToGoTheTryGoesOn) {
  set_endpoints(1);
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  advance(kTryTime + kAfter);
  EXPECT_TRUE(origin.is_connected());
  origin.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(PerTryTimeout, TheWholeExchangesTimeStillHolds) {
  route().timeouts.request = kTryTime + 100ms;
  Party& client = connect();
  client.sends(kGet);
  accept();
  advance(kTryTime + 50ms);
  accept();
  advance(kAfter);
  EXPECT_EQ(client.receives().status(), 504);
  EXPECT_EQ(last_record().values.reason, Errc::request_timeout);
}

class RetryWait : public test::ExchangeTest {
 protected:
  void SetUp() override {
    set_endpoints(4);
    route().retry.attempts = 3;
    route().retry.on.statuses = {503};
    route().retry.backoff = {.base = 2000ms, .max = 3000ms};
  }
};

TEST_F(RetryWait, TheFirstRetryGoesAtOnceAndTheSecondWaits) {
  Party& client = connect();
  client.sends(kGet);
  accept().sends(kUnavailable);
  ASSERT_EQ(connecting(), 1U);
  accept().sends(kUnavailable);
  EXPECT_EQ(connecting(), 0U);
  advance(2000ms + kAfter);
  EXPECT_EQ(connecting(), 1U);
  accept().sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
  EXPECT_EQ(last_record().values.attempts, 3);
}

TEST_F(RetryWait, ContentThatComesMeanwhileIsSentThen) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\n");
  refuse();
  refuse();
  client.sends("hello");
  EXPECT_EQ(connecting(), 0U);
  advance(2000ms + kAfter);
  EXPECT_EQ(accept().receives().body, "hello");
}

TEST_F(RetryWait, AClientThatLeavesMeanwhileEndsIt) {
  Party& client = connect();
  client.sends(kGet);
  refuse();
  refuse();
  client.resets();
  advance(2000ms + kAfter);
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(last_record().values.reason, Errc::client_gone);
}

TEST_F(RetryWait, TheWholeExchangesTimeStillHolds) {
  route().timeouts.request = 1ms;
  Party& client = connect();
  client.sends(kGet);
  refuse();
  refuse();
  advance(kAfter);
  EXPECT_EQ(client.receives().status(), 504);
  EXPECT_EQ(connecting(), 0U);
}

TEST(Backoff, DoublesUpToItsMostAndTheFirstIsNone) {
  const config::Backoff backoff{.base = 25ms, .max = 60ms};
  constexpr std::uint64_t kAny = 0x123456789abcdef;
  EXPECT_EQ(backoff_ms(backoff, 1, kAny), 0U);
  for (const auto& [retry, most] : {std::pair{2, 25U}, {3, 50U}, {4, 60U}, {10, 60U}}) {
    EXPECT_EQ(backoff_ms(backoff, retry, most), most) << retry;
    EXPECT_EQ(backoff_ms(backoff, retry, most + 1), 0U) << retry;
  }
  EXPECT_EQ(backoff_ms({.base = 0ms, .max = 60ms}, 5, kAny), 0U);
}

class Trail : public test::ExchangeTest {};

TEST_F(Trail, OfASingleTryIsEmpty) {
  Party& client = connect();
  client.sends(kGet);
  accept().sends(kOk);
  EXPECT_THAT(last_record().tries, IsEmpty());
}

TEST_F(Trail, NamesEveryTryWithItsOutcomeAndTime) {
  set_endpoints(3);
  route().retry.attempts = 2;
  route().retry.on.statuses = {503};
  route().retry.backoff = {.base = 0ms, .max = 0ms};
  Party& client = connect();
  client.sends(kGet);
  advance(10ms);
  refuse();
  Party& second = accept();
  advance(20ms);
  second.sends(kUnavailable);
  Party& third = accept();
  advance(30ms);
  third.sends(kOk);
  EXPECT_THAT(last_record().tries, ElementsAre("10.0.0.1:80 connect_refused 10ms",
                                               "10.0.0.2:80 503 20ms", "10.0.0.3:80 200 30ms"));
  client.receives();
  client.sends(kGet);
  accept().sends(kOk);
  EXPECT_THAT(last_record().tries, IsEmpty());
}

TEST_F(Trail, EndsWithTheFailureThatWasTold) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(kGet);
  refuse();
  accept().resets();
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_THAT(last_record().tries,
              ElementsAre("10.0.0.1:80 connect_refused 0ms", "10.0.0.2:80 upstream_reset 0ms"));
}

TEST_F(Trail, ShowsAKeptConnectionThatWasDead) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(kOk);
  client.receives();
  origin.receives();
  client.sends(kGet);
  origin.closes();
  accept().sends(kOk);
  EXPECT_THAT(last_record().tries,
              ElementsAre("10.0.0.1:80 upstream_reset 0ms", "10.0.0.1:80 200 0ms"));
}

TEST_F(Trail, NamesAnEndpointThatAReloadTookOut) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(kGet);
  refuse();
  Party& second = accept();
  cluster().endpoints.erase(cluster().endpoints.begin());
  reload();
  second.sends(kOk);
  EXPECT_THAT(last_record().tries,
              ElementsAre("10.0.0.1:80 connect_refused 0ms", "10.0.0.2:80 200 0ms"));
}

class RescueTrail : public test::ReleaseTest {};

TEST_F(RescueTrail, NamesTheCandidatesTryAndASlowOneIsRescuedInItsTime) {
  use_split(0, 1);
  route().retry.per_try_timeout = kTryTime;
  Party& client = connect();
  client.sends(test::kUserGet);
  accept();
  advance(kTryTime + 10ms);
  accept().sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
  ASSERT_EQ(last_record().tries.size(), 2U);
  EXPECT_THAT(last_record().tries[0], ::testing::HasSubstr("response_timeout"));
  EXPECT_EQ(last_record().variant, "stable");
}

}  // namespace
}  // namespace weir::proxy
