// A cluster at its limits: who waits, who is turned away, and how waiting ends.
#include <gtest/gtest.h>

#include <string>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::HttpText;
using test::kGet;
using test::kOk;
using test::Party;
using namespace std::chrono_literals;

class ClusterLimit : public test::ExchangeTest {
 protected:
  ClusterLimit() { cluster().connections.max = 1; }
};

TEST_F(ClusterLimit, TheNextRequestWaitsAndTakesTheFreedConnection) {
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  Party& origin = accept();
  two.sends(kGet);
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(live_cluster().waiting(), 1U);
  origin.receives();
  origin.sends(kOk);
  EXPECT_EQ(live_cluster().waiting(), 0U);
  EXPECT_EQ(origin.receives().start, "GET / HTTP/1.1");
  origin.sends(kOk);
  EXPECT_EQ(two.receives().body, "ok");
  EXPECT_EQ(last_record().values.attempts, 1);
}

TEST_F(ClusterLimit, AConnectionThatClosesLetsTheWaiterConnect) {
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  Party& origin = accept();
  two.sends(kGet);
  origin.sends("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(one.receives().body, "ok");
  accept().sends(kOk);
  EXPECT_EQ(two.receives().body, "ok");
}

TEST_F(ClusterLimit, WaitersAreServedInTheOrderTheyCame) {
  Party* clients[3] = {&connect(), &connect(), &connect()};
  for (int i = 0; i < 3; ++i)
    clients[i]->sends("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a.test\r\n\r\n");
  Party& origin = accept();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(origin.receives().start, "GET /" + std::to_string(i) + " HTTP/1.1");
    origin.sends(kOk);
  }
}

TEST_F(ClusterLimit, WhoFindsTheQueueFullIsTurnedAway) {
  cluster().connections.max_pending = 1;
  Party& one = connect();
  Party& two = connect();
  Party& three = connect();
  one.sends(kGet);
  Party& origin = accept();
  two.sends(kGet);
  three.sends(kGet);
  const HttpText answer = three.receives();
  EXPECT_EQ(answer.status(), 503);
  EXPECT_EQ(answer.field("Retry-After"), "1");
  EXPECT_TRUE(answer.field("Proxy-Status").starts_with("weir; error=connection_limit_reached"));
  EXPECT_EQ(last_record().values.reason, Errc::overloaded);
  EXPECT_EQ(last_record().values.attempts, 0);
  EXPECT_EQ(in_flight(), 2U);
  origin.sends(kOk);
  origin.sends(kOk);
}

TEST_F(ClusterLimit, WaitingEndsAfterTwiceTheConnectTimeout) {
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  accept();
  two.sends(kGet);
  advance(3900ms);
  EXPECT_EQ(two.receives_bytes(), "");
  advance(200ms);
  EXPECT_EQ(two.receives().status(), 503);
  EXPECT_EQ(last_record().values.attempts, 0);
  EXPECT_EQ(live_cluster().waiting(), 0U);
  EXPECT_EQ(in_flight(), 1U);
}

TEST_F(ClusterLimit, ASlotFreedByAnotherWorkerIsFound) {
  start_now();
  ASSERT_TRUE(live_cluster().add_connection(cluster().connections.max));  // another worker's
  Party& client = connect();
  client.sends(kGet);
  EXPECT_EQ(live_cluster().waiting(), 1U);
  live_cluster().remove_connection();
  advance(50ms);
  accept().sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(ClusterLimit, AnIdleConnectionElsewhereMakesRoom) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(kGet);
  Party& first = accept();
  first.sends(kOk);
  client.receives();
  client.sends(kGet);
  EXPECT_FALSE(first.is_connected());
  EXPECT_EQ(connected_to(), "10.0.0.2:80");
  accept().sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(ClusterLimit, AClientThatLeavesGivesUpItsPlace) {
  Party& one = connect();
  Party& two = connect();
  Party& three = connect();
  one.sends(kGet);
  Party& origin = accept();
  two.sends(kGet);
  three.sends("GET /3 HTTP/1.1\r\nHost: a.test\r\n\r\n");
  two.closes();
  EXPECT_EQ(live_cluster().waiting(), 1U);
  EXPECT_EQ(last_record().values.reason, Errc::client_gone);
  origin.receives();
  origin.sends(kOk);
  EXPECT_EQ(origin.receives().start, "GET /3 HTTP/1.1");
  origin.sends(kOk);
}

TEST_F(ClusterLimit, AWaiterWhoseEndpointsAllWentIsAnswered) {
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  Party& origin = accept();
  two.sends(kGet);
  endpoint().set_healthy(false);
  origin.sends(kOk);
  EXPECT_EQ(two.receives().status(), 503);
  EXPECT_EQ(last_record().values.reason, Errc::no_endpoint);
}

TEST_F(ClusterLimit, NoEndpointIsNoAttempt) {
  endpoint().set_healthy(false);
  Party& party = connect();
  party.sends(kGet);
  EXPECT_EQ(party.receives().status(), 503);
  EXPECT_EQ(last_record().values.reason, Errc::no_endpoint);
  EXPECT_EQ(last_record().values.attempts, 0);
}

class IdleLimit : public test::ExchangeTest {};

TEST_F(IdleLimit, BeyondTheirCountTheyAreKeptForAMoment) {
  cluster().connections.idle = 1;
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  two.sends(kGet);
  Party& first = accept();
  Party& second = accept();
  first.sends(kOk);
  second.sends(kOk);
  advance(900ms);
  EXPECT_TRUE(second.is_connected());
  advance(200ms);
  EXPECT_FALSE(second.is_connected());
  EXPECT_TRUE(first.is_connected());
}

// Or each of them would connect anew, and what was saved by few idle connections is lost on them.
TEST_F(IdleLimit, ARushOfMoreThanTheirCountIsServedByThoseThatAreThere) {
  cluster().connections.idle = 1;
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  two.sends(kGet);
  Party& first = accept();
  Party& second = accept();
  for (int round = 0; round < 3; ++round) {
    first.sends(kOk);
    second.sends(kOk);
    advance(500ms);
    one.sends(kGet);
    two.sends(kGet);
  }
  EXPECT_TRUE(first.is_connected());
  EXPECT_TRUE(second.is_connected());
  EXPECT_EQ(connecting(), 0U);
}

TEST_F(IdleLimit, NoneIsKeptWhereNoneIsWanted) {
  cluster().connections.idle = 0;
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(kOk);
  EXPECT_FALSE(origin.is_connected());
}

TEST_F(IdleLimit, AnIdleConnectionIsClosedAfterItsTime) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(kOk);
  advance(29900ms);
  EXPECT_TRUE(origin.is_connected());
  advance(200ms);
  EXPECT_FALSE(origin.is_connected());
}

TEST_F(IdleLimit, TheOriginsOwnTimeIsRespectedWithASecondToSpare) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(client.receives().has("Keep-Alive"));
  advance(3900ms);
  EXPECT_TRUE(origin.is_connected());
  advance(200ms);
  EXPECT_FALSE(origin.is_connected());
}

TEST_F(IdleLimit, UseStartsTheTimeAgain) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(kOk);
  advance(20s);
  client.sends(kGet);
  advance(20s);
  EXPECT_TRUE(origin.is_connected()) << "a connection in use has no idle time";
  origin.sends(kOk);
  advance(29900ms);
  EXPECT_TRUE(origin.is_connected());
  advance(200ms);
  EXPECT_FALSE(origin.is_connected());
}

TEST_F(IdleLimit, ADrainingEndpointKeepsNoConnection) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  endpoint().set_state(EndpointState::draining);
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_FALSE(origin.is_connected());
}

}  // namespace
}  // namespace weir::proxy
