// Connections over several exchanges: pipelining, reuse at the origin, and who ends a connection.
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

class KeepAlive : public test::ExchangeTest {};

std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a.test\r\n\r\n";
}
std::string ok(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

TEST_F(KeepAlive, TheSecondRequestTakesTheSameConnections) {
  Party& client = connect();
  client.sends(get("/1"));
  Party& origin = accept();
  EXPECT_EQ(origin.receives().start, "GET /1 HTTP/1.1");
  origin.sends(ok("one"));
  EXPECT_EQ(client.receives().body, "one");
  EXPECT_FALSE(last_record().values.reused_connection);

  client.sends(get("/2"));
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(origin.receives().start, "GET /2 HTTP/1.1");
  origin.sends(ok("two"));
  EXPECT_EQ(client.receives().body, "two");
  EXPECT_TRUE(last_record().values.reused_connection);
}

TEST_F(KeepAlive, PipelinedRequestsAreAnsweredInOrder) {
  Party& client = connect();
  client.sends(get("/1") + "POST /2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc" +
               get("/3"));
  Party& origin = accept();
  EXPECT_EQ(origin.receives().start, "GET /1 HTTP/1.1");
  EXPECT_EQ(origin.receives_bytes(), "") << "the second waits for the first's answer";
  origin.sends(ok("one"));
  const HttpText second = origin.receives();
  EXPECT_EQ(second.start, "POST /2 HTTP/1.1");
  EXPECT_EQ(second.body, "abc");
  origin.sends(ok("two"));
  EXPECT_EQ(origin.receives().start, "GET /3 HTTP/1.1");
  origin.sends(ok("three"));
  EXPECT_EQ(client.receives().body, "one");
  EXPECT_EQ(client.receives().body, "two");
  EXPECT_EQ(client.receives().body, "three");
  EXPECT_EQ(records().size(), 3U);
}

TEST_F(KeepAlive, PipelinedRequestsWithOwnAnswersKeepTheirOrder) {
  file.routes[0].match.path = "/shop";
  Party& client = connect();
  client.sends(get("/none") + get("/shop") + get("/none"));
  EXPECT_EQ(client.receives().status(), 404);
  EXPECT_EQ(client.receives_bytes(), "");
  accept().sends(ok("shop"));
  EXPECT_EQ(client.receives().body, "shop");
  EXPECT_EQ(client.receives().status(), 404);
}

TEST_F(KeepAlive, NothingIsProcessedAfterARequestThatCloses) {
  Party& client = connect();
  client.sends("GET /last HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n" + get("/more"));
  Party& origin = accept();
  origin.receives();
  origin.sends(ok("bye"));
  const HttpText response = client.receives();
  EXPECT_EQ(response.field("Connection"), "close");
  EXPECT_EQ(response.body, "bye");
  EXPECT_TRUE(client.was_told_end());
  EXPECT_EQ(origin.receives_bytes(), "");
  EXPECT_EQ(records().size(), 1U);
  client.closes();
  EXPECT_EQ(open_downstreams(), 0U);
  EXPECT_TRUE(origin.is_connected()) << "the client's wish does not end the origin's connection";
}

TEST_F(KeepAlive, PipeliningIsBoundedForTheWholeConnection) {
  Party& client = connect();
  std::string many;
  while (many.size() < 256 * 1024) many += get("/again");
  client.sends(many, limits::kReceiveBuffer);
  Party& origin = accept();
  EXPECT_FALSE(client.is_read());
  const std::size_t held = chunks_in_use();
  EXPECT_LE(held, 2 * limits::kReceiveBuffer / limits::kChunkBytes + 1);
  for (int i = 0; i < 5; ++i) {  // the next exchange is no reason to take more
    origin.sends(kOk);
    EXPECT_FALSE(client.is_read()) << i;
    EXPECT_LE(chunks_in_use(), held);
  }
}

TEST_F(KeepAlive, OldClientsKeepTheirConnectionOnlyIfTheyAsk) {
  Party& plain = connect();
  plain.sends("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
  Party& origin = accept();
  origin.sends(kOk);
  EXPECT_EQ(plain.receives().field("Connection"), "close");
  EXPECT_TRUE(plain.was_told_end());

  Party& asking = connect();
  for (int i = 0; i < 2; ++i) {
    asking.sends("GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n");
    origin.sends(kOk);
    EXPECT_EQ(asking.receives().field("Connection"), "keep-alive");
  }
  EXPECT_FALSE(asking.was_told_end());
}

TEST_F(KeepAlive, AnOriginThatClosesDoesNotCloseTheClient) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(client.receives().field("Connection"), "-");
  EXPECT_FALSE(origin.is_connected());
  client.sends(kGet);
  accept().sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(KeepAlive, AnOldOriginIsNotReusedUnlessItOffers) {
  Party& client = connect();
  client.sends(kGet);
  Party& first = accept();
  first.sends("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_FALSE(first.is_connected());
  client.sends(kGet);
  Party& second = accept();
  second.sends("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_TRUE(second.is_connected());
}

TEST_F(KeepAlive, AConnectionAskedForAnUpgradeIsNotReused) {
  Party& client = connect();
  client.sends(
      "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  Party& origin = accept();
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_FALSE(origin.is_connected());
}

TEST_F(KeepAlive, TheConnectionUsedLastIsUsedNext) {
  Party& one = connect();
  Party& two = connect();
  one.sends(get("/1"));
  Party& first = accept();
  two.sends(get("/2"));
  Party& second = accept();
  first.sends(kOk);
  second.sends(kOk);
  first.receives();
  second.receives();
  one.sends(get("/3"));
  EXPECT_EQ(second.receives().start, "GET /3 HTTP/1.1");
  EXPECT_EQ(first.receives_bytes(), "");
  second.sends(kOk);
}

TEST_F(KeepAlive, AConnectionEndsAfterItsCountOfRequests) {
  listener().requests_per_connection = 3;
  Party& client = connect();
  client.sends(get("/1"));
  Party& origin = accept();
  origin.sends(kOk);
  EXPECT_EQ(client.receives().field("Connection"), "-");
  client.sends(get("/2"));
  origin.sends(kOk);
  EXPECT_EQ(client.receives().field("Connection"), "-");
  client.sends(get("/3"));
  origin.sends(kOk);
  EXPECT_EQ(client.receives().field("Connection"), "close");
  EXPECT_TRUE(client.was_told_end());
}

TEST_F(KeepAlive, AStoppingWorkerSaysClose) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  context().draining = true;
  origin.sends(kOk);
  EXPECT_EQ(client.receives().field("Connection"), "close");
  EXPECT_TRUE(client.was_told_end());
}

TEST_F(KeepAlive, ARequestOnItsWayToAStoppingWorkerIsAnswered) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(kOk);
  EXPECT_EQ(client.receives().field("Connection"), "-");
  context().draining = true;
  drain();
  advance(context().idle_grace - 1ms);
  EXPECT_TRUE(client.is_connected());
  client.sends(kGet);
  origin.sends(kOk);
  EXPECT_EQ(client.receives().field("Connection"), "close");
  EXPECT_TRUE(client.was_told_end());
}

TEST_F(KeepAlive, AStoppingWorkerWaitsForIdleClientsOnlySoLong) {
  Party& client = connect();
  client.sends(kGet);
  accept().sends(kOk);
  client.receives();
  context().draining = true;
  drain();
  advance(context().idle_grace + 1ms);
  EXPECT_FALSE(client.is_connected());
}

TEST_F(KeepAlive, AnAnswerThatPromisedToKeepTheConnectionIsHeldToIt) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
  context().draining = true;
  drain();
  origin.sends("cd");
  EXPECT_EQ(client.receives().field("Connection"), "-");
  EXPECT_FALSE(client.was_told_end());
  client.sends(kGet);
  origin.sends(kOk);
  EXPECT_EQ(client.receives().field("Connection"), "close");
}

TEST_F(KeepAlive, AnEmptyLineBehindARequestIsNoRequest) {
  Party& client = connect();
  client.sends(kGet);
  accept().sends(kOk);
  client.receives();
  client.sends("\r\n");
  advance(limits::kClientHeadTimeout + 1s);
  EXPECT_EQ(client.receives_bytes(), "") << "no 408";
  EXPECT_EQ(records().size(), 1U);
  advance(limits::kClientIdleTimeout);
  EXPECT_FALSE(client.is_connected());
}

}  // namespace
}  // namespace weir::proxy
