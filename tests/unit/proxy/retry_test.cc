// Attempts after the first: the idle-close race, other endpoints, and what is never sent twice.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::HttpText;
using test::kGet;
using test::kOk;
using test::Party;

constexpr std::string_view kPost =
    "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello";

constexpr config::Backoff kNoWait{.base = config::Millis(0), .max = config::Millis(0)};

class IdleCloseRace : public test::ExchangeTest {
 protected:
  // A client and an origin with one exchange behind them: the next request takes the connection
  // that idles.
  Party& prepare() {
    Party& client = connect();
    client.sends(kGet);
    origin_ = &accept();
    origin_->sends(kOk);
    client.receives();
    origin_->receives();
    return client;
  }
  Party& origin() { return *origin_; }

 private:
  Party* origin_ = nullptr;
};

TEST_F(IdleCloseRace, AGetIsReplacedUnnoticed) {
  route().retry.attempts = 0;
  Party& client = prepare();
  client.sends(kGet);
  EXPECT_EQ(origin().receives().start, "GET / HTTP/1.1");
  origin().closes();
  Party& fresh = accept();
  EXPECT_EQ(fresh.receives().start, "GET / HTTP/1.1");
  fresh.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(last_record().values.attempts, 1);
  EXPECT_EQ(last_record().values.reason, Errc::none);
  EXPECT_FALSE(last_record().values.reused_connection);
}

TEST_F(IdleCloseRace, AResetCountsAsWell) {
  Party& client = prepare();
  client.sends(kGet);
  origin().resets();
  accept().sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(IdleCloseRace, TheReplacementComesOnce) {
  route().retry.attempts = 0;
  Party& client = prepare();
  client.sends(kGet);
  origin().closes();
  accept().closes();
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(connecting(), 0U);
}

TEST_F(IdleCloseRace, AByteOfTheResponseIsTooLate) {
  Party& client = prepare();
  client.sends(kGet);
  origin().sends("H");
  origin().closes();
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(last_record().values.reason, Errc::upstream_truncated);
}

TEST_F(IdleCloseRace, APostThatWasSentIsNotSentAgain) {
  set_endpoints(2);
  Party& client = prepare();
  client.sends(kGet);  // round robin: the other endpoint's turn
  Party& other = accept();
  other.sends(kOk);
  client.receives();

  client.sends(kPost);
  EXPECT_EQ(origin().receives().body, "hello");
  origin().closes();
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(last_record().values.reason, Errc::upstream_reset);
}

TEST_F(IdleCloseRace, APostOfWhichNothingWasSentGoesOutOnAFreshConnection) {
  route().retry.attempts = 0;
  Party& client = prepare();
  origin().peer().wire().fail_writes(net::MemoryWire::End::left);
  client.sends(kPost);
  Party& fresh = accept();
  EXPECT_EQ(fresh.receives().body, "hello");
  fresh.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(IdleCloseRace, ContentThatFollowsTheReplacementArrivesInOrder) {
  Party& client = prepare();
  origin().peer().wire().fail_writes(net::MemoryWire::End::left);
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nabc");
  client.sends("def");
  Party& fresh = accept();
  client.sends("ghi");
  const HttpText request = fresh.receives();
  EXPECT_EQ(request.body, "abcdefghi");
  EXPECT_TRUE(request.whole);
  fresh.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(IdleCloseRace, AConnectionThatDiesIdleIsNotUsed) {
  Party& client = prepare();
  origin().closes();
  client.sends(kPost);
  Party& fresh = accept();
  EXPECT_EQ(fresh.receives().body, "hello");
  fresh.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
}

class Retry : public test::ExchangeTest {};

TEST_F(Retry, ARefusedConnectGoesToAnotherEndpointWhateverTheMethod) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(kPost);
  EXPECT_EQ(connected_to(), "10.0.0.1:80");
  refuse();
  EXPECT_EQ(connected_to(), "10.0.0.2:80");
  EXPECT_EQ(endpoint(0).in_flight(), 0U);
  EXPECT_EQ(endpoint(1).in_flight(), 1U);
  Party& origin = accept();
  EXPECT_EQ(origin.receives().body, "hello");
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(last_record().endpoint, "10.0.0.2:80");
  EXPECT_EQ(last_record().values.attempts, 2);
}

TEST_F(Retry, ARetryTakesOneTurnOfTheRotation) {
  set_endpoints(3);
  Party& client = connect();
  client.sends(kGet);
  refuse();
  EXPECT_EQ(connected_to(), "10.0.0.2:80");
  accept().sends(kOk);
  client.sends(kGet);
  EXPECT_EQ(connected_to(), "10.0.0.3:80");
  accept().sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(Retry, ARetryTakesAnIdleConnectionOfTheOtherEndpointAtOnce) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(kGet);
  accept().sends("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  client.sends(kGet);
  Party& second = accept();
  second.sends(kOk);
  client.receives_bytes();
  second.receives();

  client.sends(kPost);
  refuse();
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(second.receives().body, "hello");
  second.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(last_record().values.attempts, 2);
  EXPECT_TRUE(last_record().values.reused_connection);
}

TEST_F(Retry, TriesAreBounded) {
  set_endpoints(4);
  route().retry.attempts = 2;
  route().retry.backoff = kNoWait;
  Party& client = connect();
  client.sends(kGet);
  for (int i = 0; i < 3; ++i) refuse();
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(last_record().values.attempts, 3);
}

TEST_F(Retry, NoEndpointIsTriedTwice) {
  set_endpoints(3);
  route().retry.attempts = 10;
  route().retry.backoff = kNoWait;
  Party& client = connect();
  client.sends(kGet);
  while (connecting() > 0) refuse();
  EXPECT_EQ(client.receives().status(), 502);
  ASSERT_EQ(connector.targets().size(), 3U);
  std::uint32_t seen = 0;
  for (const auto& target : connector.targets()) seen |= 1U << target.address.ip.bytes[15];
  EXPECT_EQ(seen, 0b1110U);
}

TEST_F(Retry, ASingleEndpointIsNotTriedAgain) {
  Party& client = connect();
  client.sends(kGet);
  refuse();
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 502);
  EXPECT_TRUE(answer.field("Proxy-Status").starts_with("weir; error=connection_refused"));
}

TEST_F(Retry, BudgetAllowsThreeASecondAndNoMore) {
  set_endpoints(2);
  route().retry.budget_percent = 0;
  route().retry.on.statuses = {503};
  std::vector<Party*> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(&connect());
  for (Party* client : clients) client->sends(kGet);
  for (int i = 0; i < 4; ++i) {
    accept().sends("HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy");
  }
  EXPECT_EQ(connecting(), 3U);
  EXPECT_EQ(clients[3]->receives().status(), 503);
  for (int i = 0; i < 3; ++i) accept().sends(kOk);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(clients[static_cast<std::size_t>(i)]->receives().body, "ok");
}

TEST_F(Retry, ABackupServesWhenThePrimariesWereTriedInVain) {
  set_endpoints(3);
  file.clusters[0].endpoints[2].backup = true;
  route().retry.attempts = 2;
  route().retry.backoff = kNoWait;
  Party& client = connect();
  client.sends(kGet);
  refuse();
  refuse();
  accept().sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(last_record().endpoint, "10.0.0.3:80");
}

TEST_F(Retry, ARefusedConnectionIsNotCharged) {
  set_endpoints(2);
  route().retry.budget_percent = 0;
  std::vector<Party*> clients;
  for (int i = 0; i < 6; ++i) clients.push_back(&connect());
  for (Party* client : clients) client->sends(kGet);
  for (int i = 0; i < 6; ++i) refuse();
  for (int i = 0; i < 6; ++i) accept().sends(kOk);
  for (Party* client : clients) EXPECT_EQ(client->receives().body, "ok");
}

TEST_F(Retry, ANamedStatusIsTriedElsewhere) {
  set_endpoints(2);
  route().retry.on.statuses = {503};
  Party& client = connect();
  client.sends(kGet);
  Party& first = accept();
  first.sends("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy");
  EXPECT_TRUE(first.is_connected()) << "its answer was whole";
  accept().sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(last_record().values.upstream_status, 200);
}

TEST_F(Retry, TheRestOfAnAnswerThatIsTriedElsewhereIsNotWaitedFor) {
  set_endpoints(2);
  route().retry.on.statuses = {503};
  Party& client = connect();
  client.sends(kGet);
  Party& first = accept();
  first.sends("HTTP/1.1 503 Busy\r\nContent-Length: 400\r\n\r\nbusy");
  EXPECT_FALSE(first.is_connected());
  accept().sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(Retry, TheLastAnswerIsPassedOnWhateverItsStatus) {
  set_endpoints(2);
  route().retry.on.statuses = {503};
  Party& client = connect();
  client.sends(kGet);
  for (int i = 0; i < 2; ++i) accept().sends("HTTP/1.1 503 Busy\r\nContent-Length: 1\r\n\r\nx");
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.start, "HTTP/1.1 503 Busy");
  EXPECT_FALSE(answer.has("Proxy-Status"));
  EXPECT_EQ(last_record().values.reason, Errc::none);
}

TEST_F(Retry, ANamedStatusOfAPostIsPassedOn) {
  set_endpoints(2);
  route().retry.on.statuses = {503};
  Party& client = connect();
  client.sends(kPost);
  accept().sends("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 503);
  EXPECT_EQ(connecting(), 0U);
}

TEST_F(Retry, ASafeRequestWhoseContentIsGoneIsNotSentAgain) {
  set_endpoints(2);
  Party& client = connect();
  client.sends("GET / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi");
  accept().closes();
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(connecting(), 0U);
}

TEST_F(Retry, WithoutAnEndpointTheServiceIsUnavailable) {
  start_now();
  endpoint().set_healthy(false);
  Party& client = connect();
  client.sends(kGet);
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 503);
  EXPECT_EQ(answer.field("Retry-After"), "1");
  EXPECT_TRUE(answer.field("Proxy-Status").starts_with("weir; error=destination_unavailable"));
  EXPECT_TRUE(client.is_connected());
  EXPECT_EQ(last_record().values.reason, Errc::no_endpoint);
}

TEST_F(Retry, WhatIsToldOfARetriedExchangeIsTheLastAttempts) {
  set_endpoints(2);
  route().retry.on.statuses = {503};
  Party& client = connect();
  client.sends(kGet);
  accept().sends("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  refuse();
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(last_record().values.upstream_status, 0);
  EXPECT_EQ(last_record().values.times.first_byte, 0U);
  EXPECT_EQ(last_record().values.times.connected, 0U);
  EXPECT_EQ(last_record().endpoint, "10.0.0.2:80");
}

}  // namespace
}  // namespace weir::proxy
