// A dead or failing candidate: its share falls back to the stable variant, what it failed is
// repeated there if that is safe, both are told of the candidate, and nothing ever goes the other
// way.
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "proxy/retry_policy.h"
#include "release_scenario.h"

namespace weir::proxy {
namespace {

using test::kOk;
using test::kUserGet;
using test::kUserPost;
using test::Party;

constexpr std::string_view kBroken =
    "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n\r\nbad";

class Rescue : public test::ReleaseTest {
 protected:
  Rescue() { use_split(0, 1); }

  void expect_served_by_stable(Party& client, std::string_view reason) {
    Party& stable = accept();
    EXPECT_EQ(connected_to(), kStable);
    stable.sends(kOk);
    EXPECT_EQ(client.receives().status(), 200);
    EXPECT_EQ(last_record().variant, "stable");
    EXPECT_EQ(last_record().assigned_variant, "canary");
    EXPECT_EQ(last_record().variant_reason, reason);
    EXPECT_EQ(last_record().values.split.assigned, 1);
    EXPECT_EQ(last_record().values.split.served, 0);
    EXPECT_EQ(last_record().cluster, "origins");
  }
};

TEST_F(Rescue, ARefusedConnection) {
  Party& client = connect();
  client.sends(kUserGet);
  refuse();
  expect_served_by_stable(client, "rescue");
  EXPECT_TRUE(last_record().values.split.rescued);
  EXPECT_EQ(last_record().values.attempts, 2);
}

// HTTP/2 has no Upgrade, so the candidate would have been asked without; stable is asked with it.
TEST_F(Rescue, AnUpgradeFromACandidateThatHasNone) {
  file.clusters[1].protocol = config::UpstreamProtocol::http2;
  Party& client = connect();
  client.sends(
      "GET /a HTTP/1.1\r\nHost: a.test\r\nX-User: ann\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\n\r\n");
  refuse();
  Party& stable = accept();
  EXPECT_EQ(connected_to(), kStable);
  EXPECT_EQ(stable.receives().field("Upgrade"), "websocket");
}

TEST_F(Rescue, AResetBeforeTheAnswer) {
  Party& client = connect();
  client.sends(kUserGet);
  accept().resets();
  expect_served_by_stable(client, "rescue");
}

TEST_F(Rescue, AStatusThatIsNamed) {
  Party& client = connect();
  client.sends(kUserGet);
  accept().sends(kBroken);
  expect_served_by_stable(client, "rescue");
}

TEST_F(Rescue, AMalformedAnswer) {
  Party& client = connect();
  client.sends(kUserGet);
  accept().sends("NOT HTTP\r\n\r\n");
  expect_served_by_stable(client, "rescue");
}

TEST_F(Rescue, AnAnswerThatDoesNotCome) {
  Party& client = connect();
  client.sends(kUserGet);
  Party& candidate = accept();
  advance(limits::kResponseHeadTimeout + std::chrono::seconds(1));
  EXPECT_FALSE(candidate.is_connected());
  expect_served_by_stable(client, "rescue");
}

TEST_F(Rescue, AStatusThatIsNotNamedPasses) {
  Party& client = connect();
  client.sends(kUserGet);
  accept().sends("HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 501);
  EXPECT_EQ(last_record().variant, "canary");
}

TEST_F(Rescue, APostThatWasSentIsNotRepeated) {
  Party& client = connect();
  client.sends(kUserPost);
  Party& candidate = accept();
  EXPECT_EQ(candidate.receives().body, "hello");
  candidate.resets();
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(connecting(), 0U);
}

TEST_F(Rescue, APostAnswered500IsNotRepeated) {
  Party& client = connect();
  client.sends(kUserPost);
  accept().sends(kBroken);
  EXPECT_EQ(client.receives().status(), 500);
}

TEST_F(Rescue, APostThatWasNeverSentIsWithItsContent) {
  Party& client = connect();
  client.sends(kUserPost);
  refuse();
  Party& stable = accept();
  EXPECT_EQ(connected_to(), kStable);
  EXPECT_EQ(stable.receives().body, "hello");
  stable.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(Rescue, CanBeSwitchedOff) {
  route().split.rescue.enabled = false;
  Party& client = connect();
  client.sends(kUserGet);
  refuse();
  EXPECT_EQ(client.receives().status(), 502);
}

TEST_F(Rescue, TheStableVariantIsTriedAgainAsItsRouteSays) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(kUserGet);
  refuse();             // the candidate
  refuse();             // the first stable endpoint
  accept().sends(kOk);  // the second
  EXPECT_EQ(client.receives().status(), 200);
  EXPECT_EQ(last_record().values.attempts, 3);
}

TEST_F(Rescue, TheStableVariantIsNeverRescuedByTheCandidate) {
  route().split.variants[0].weight = 1;
  route().split.variants[1].weight = 0;
  Party& client = connect();
  client.sends(kUserGet);
  EXPECT_EQ(connected_to(), kStable);
  refuse();
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(connector.targets().size(), 1U);
}

TEST_F(Rescue, TheBudgetEnds) {
  route().split.rescue.budget_percent = 0;  // but for three a second
  for (int i = 0; i < 6; ++i) {
    Party& client = connect();
    client.sends(kUserGet);
    Party& candidate = accept();
    candidate.sends(kBroken);
    candidate.closes();
    const bool rescued = connecting() > 0;
    EXPECT_EQ(rescued, i < 3);
    if (rescued) {
      Party& stable = accept();
      stable.sends(kOk);
      stable.closes();
    }
    EXPECT_EQ(client.receives().status(), rescued ? 200 : 500);
  }
  EXPECT_TRUE(last_record().values.split.rescue_refused);
}

TEST_F(Rescue, RefusedConnectionsAreFree) {
  route().split.rescue.budget_percent = 0;
  Party& first = connect();
  first.sends(kUserGet);
  refuse();
  Party& stable = accept();
  stable.sends(kOk);
  EXPECT_EQ(first.receives().status(), 200);
  for (int i = 0; i < 50; ++i) {
    Party& client = connect();
    client.sends(kUserGet);
    refuse();
    stable.sends(kOk);
    ASSERT_EQ(client.receives().status(), 200) << i;
    client.closes();
  }
}

class Failover : public Rescue {};

TEST_F(Failover, TakesTheShareOfACandidateWithoutEndpoints) {
  start_now();
  candidate_endpoint().set_healthy(false);
  Party& client = connect();
  client.sends(kUserGet);
  expect_served_by_stable(client, "failover");
  EXPECT_TRUE(last_record().values.split.failed_over);
  EXPECT_EQ(last_record().values.attempts, 1);
}

TEST_F(Failover, TakesAPostWithItsContent) {
  start_now();
  candidate_endpoint().set_state(EndpointState::down);
  Party& client = connect();
  client.sends(kUserPost);
  Party& stable = accept();
  EXPECT_EQ(stable.receives().body, "hello");
  stable.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(Failover, UsesAnIdleConnectionOfTheStableVariant) {
  start_now();
  candidate_endpoint().set_healthy(false);
  Party& client = connect();
  client.sends(kUserPost);
  Party& stable = accept();
  stable.receives();
  stable.sends(kOk);
  client.receives();
  client.sends(kUserPost);
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(stable.receives().body, "hello");
  stable.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(Failover, TakesWhatACandidateHasNoRoomFor) {
  file.clusters[1].connections.max = 1;
  file.clusters[1].connections.max_pending = 0;
  Party& first = connect();
  first.sends(kUserGet);
  Party& candidate = accept();
  Party& second = connect();
  second.sends(kUserGet);
  expect_served_by_stable(second, "failover");
  candidate.sends(kOk);
  EXPECT_EQ(first.receives().status(), 200);
}

TEST_F(Failover, CanBeSwitchedOff) {
  route().split.on_unavailable = config::OnUnavailable::fail;
  start_now();
  candidate_endpoint().set_healthy(false);
  Party& client = connect();
  client.sends(kUserGet);
  EXPECT_EQ(client.receives().status(), 503);
  EXPECT_EQ(last_record().variant, "canary");
}

TEST_F(Failover, NeverGoesFromStableToTheCandidate) {
  weights().set({{1, 0}});
  endpoint().set_healthy(false);
  Party& client = connect();
  client.sends(kUserGet);
  EXPECT_EQ(client.receives().status(), 503);
  EXPECT_TRUE(connector.targets().empty());
}

TEST_F(Failover, EndsWhenTheStableVariantHasNoneEither) {
  start_now();
  candidate_endpoint().set_healthy(false);
  endpoint().set_healthy(false);
  Party& client = connect();
  client.sends(kUserGet);
  EXPECT_EQ(client.receives().status(), 503);
  EXPECT_EQ(last_record().values.reason, Errc::no_endpoint);
}

// --- the rule ---

using RescueCase = std::tuple<const char*, AttemptOutcome, bool, bool>;

class RescuePolicy : public testing::TestWithParam<RescueCase> {};

TEST_P(RescuePolicy, Decides) {
  const auto& [why, outcome, listed, expected] = GetParam();
  EXPECT_EQ(may_rescue(outcome, config::Rescue{}, listed), expected) << why;
}

constexpr Error kReset{Errc::upstream_reset};

INSTANTIATE_TEST_SUITE_P(
    Table, RescuePolicy,
    testing::Values(
        RescueCase{"not a byte was sent, whatever the method",
                   {.error = {Errc::connect_refused}},
                   false,
                   true},
        RescueCase{"safe and listed",
                   {.error = kReset, .safe_method = true, .anything_sent = true},
                   true,
                   true},
        RescueCase{"safe, not listed",
                   {.error = kReset, .safe_method = true, .anything_sent = true},
                   false,
                   false},
        RescueCase{"listed, but not safe", {.error = kReset, .anything_sent = true}, true, false},
        RescueCase{
            "its content is gone",
            {.error = kReset, .safe_method = true, .anything_sent = true, .content_gone = true},
            true,
            false},
        RescueCase{
            "cut after the answer had begun to arrive, none of it passed on",
            {.error = {Errc::upstream_truncated}, .safe_method = true, .anything_sent = true},
            true,
            true},
        RescueCase{"a named status",
                   {.status = 503, .safe_method = true, .anything_sent = true},
                   true,
                   true},
        RescueCase{"another status",
                   {.status = 501, .safe_method = true, .anything_sent = true},
                   true,
                   false},
        RescueCase{"the client's fault",
                   {.error = {Errc::body_too_large}, .safe_method = true},
                   true,
                   false},
        RescueCase{"out of time altogether",
                   {.error = {Errc::request_timeout}, .safe_method = true, .anything_sent = true},
                   true,
                   false}));

}  // namespace
}  // namespace weir::proxy
