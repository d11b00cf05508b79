// Clients that are slow on the whole: content that drips, responses taken a byte at a time. Each is
// cut by the rate, and none for what somebody else takes his time over.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include <weir/limits.h>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using namespace std::chrono_literals;
using test::HttpText;
using test::kGet;
using test::Party;

constexpr auto kNearly = -100ms;  // before a deadline
constexpr auto kPast = 200ms;     // from there to after it

// Content at 240 bytes a second, after ten seconds.
class BodyRate : public test::ExchangeTest {
 protected:
  Party& begin() {
    Party& client = connect();
    client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n");
    return client;
  }
  // Whether the client is answered within a minute while it sends so many bytes each second.
  bool is_cut_at(std::size_t bytes) {
    Party& client = begin();
    accept();
    for (int i = 0; i < 60 && records().empty(); ++i) {
      advance(1s);
      client.sends(std::string(bytes, 'x'));
    }
    return !records().empty();
  }
};

TEST_F(BodyRate, SlowerIsCut) {
  EXPECT_TRUE(is_cut_at(limits::kClientRate / 2));
  EXPECT_EQ(last_record().values.reason, Errc::body_timeout);
}
TEST_F(BodyRate, TheLeastIsEnough) {
  EXPECT_FALSE(is_cut_at(limits::kClientRate));
}
TEST_F(BodyRate, OneAboveIsEnough) {
  EXPECT_FALSE(is_cut_at(limits::kClientRate + 1));
}

TEST_F(BodyRate, ADripIsCutAfterTheGrace) {
  Party& client = begin();
  Party& origin = accept();
  for (int i = 0; i < 9; ++i) {
    advance(1s);
    client.sends("x");
  }
  EXPECT_EQ(client.receives_bytes(), "");
  advance(1s + kNearly);
  EXPECT_EQ(client.receives_bytes(), "");
  advance(kPast);
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 408);
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_FALSE(origin.is_connected());
  EXPECT_EQ(last_record().values.reason, Errc::body_timeout);
}

TEST_F(BodyRate, WhoHasSentMuchMayPauseForAsLongAsContentMay) {
  Party& client = begin();
  accept();
  client.sends(std::string(100'000, 'x'), 16 * 1024);
  advance(30s + kNearly);
  EXPECT_EQ(client.receives_bytes(), "");
  advance(kPast);
  EXPECT_EQ(client.receives().status(), 408);
}

TEST_F(BodyRate, TimeThatTheOriginTakesIsNotTheClients) {
  listener().limits.min_body_rate = 20'000;  // 400,000 bytes earn 20 s
  Party& client = begin();
  Party& origin = accept({.window = 1024});
  origin.stops_reading();
  client.sends(std::string(400'000, 'x'), limits::kReceiveBuffer);
  ASSERT_FALSE(client.is_read());
  for (int i = 0; i < 20; ++i) {
    advance(25s);
    origin.reads_some(1024);
  }
  EXPECT_TRUE(records().empty());
  origin.reads_on();
  ASSERT_TRUE(client.is_read());
  advance(29s);
  EXPECT_TRUE(records().empty());
}

TEST_F(BodyRate, CountsEachRequestOfAConnectionByItself) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\n";
  Party& client = connect();
  for (int i = 0; i < 5; ++i) {
    client.sends(head);
    Party& origin = accept();
    advance(9s);
    client.sends("ok");
    origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(client.receives().status(), 200);
  }
}

TEST_F(BodyRate, AClientThatWaitsForContinueIsNotSlow) {
  Party& client = connect();
  client.sends(
      "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  Party& origin = accept();
  advance(25s);
  EXPECT_EQ(client.receives_bytes(), "");
  origin.sends("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 100);
  client.sends("o");
  advance(9s);
  client.sends("k");
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(BodyRate, CanBeSwitchedOff) {
  listener().limits.min_body_rate = 0;
  EXPECT_FALSE(is_cut_at(1));
}

class ResponseRate : public test::ExchangeTest {};

TEST_F(ResponseRate, AByteNowAndThenBuysNoTimeForAResponse) {
  Party& client = connect({.window = 1024});
  client.stops_reading();
  client.sends(kGet);
  accept().sends("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(50'000, 'x'));
  for (int i = 0; i < 14; ++i) {
    advance(2s);
    client.reads_some(64);
  }
  EXPECT_TRUE(client.is_connected());
  advance(2s + kPast);
  EXPECT_FALSE(client.is_connected());
  EXPECT_TRUE(client.was_reset());
  EXPECT_EQ(last_record().values.reason, Errc::client_idle);
}

TEST_F(ResponseRate, AByteNowAndThenIsEnoughWhereTheFileSaysSo) {
  listener().limits.min_response_rate = 0;
  Party& client = connect({.window = 1024});
  client.stops_reading();
  client.sends(kGet);
  accept().sends("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + std::string(50'000, 'x'));
  for (int i = 0; i < 20; ++i) {
    advance(20s);
    client.reads_some(64);
  }
  EXPECT_TRUE(client.is_connected());
}

TEST_F(ResponseRate, AClientThatTakesItAtTheLeastRateGetsItAll) {
  Party& client = connect({.window = 1024});
  client.stops_reading();
  client.sends(kGet);
  accept().sends("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + std::string(50'000, 'x'));
  for (int i = 0; i < 250 && client.is_connected(); ++i) {
    client.reads_some(245);
    advance(1s);
  }
  EXPECT_TRUE(client.receives().whole);
}

}  // namespace
}  // namespace weir::proxy
