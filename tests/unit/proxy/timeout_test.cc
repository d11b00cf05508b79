// Every deadline: what happens just before it, and what just after.
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

constexpr auto kNearly = -100ms;  // before a deadline
constexpr auto kPast = 200ms;     // from there to after it

class ClientTimeout : public test::ExchangeTest {
 protected:
  static std::string get(std::string_view path) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a.test\r\n\r\n";
  }
};

TEST_F(ClientTimeout, AHeadHasTenSecondsFromTheAccept) {
  Party& client = connect();
  advance(5s);
  client.sends("GET / HT");
  advance(5s + kNearly);
  EXPECT_EQ(client.receives_bytes(), "");
  advance(kPast);
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 408);
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_TRUE(client.was_told_end());
  EXPECT_EQ(last_record().values.reason, Errc::head_timeout);
}

TEST_F(ClientTimeout, AHeadThatTricklesHasNoMoreTime) {
  Party& client = connect();
  for (std::string_view piece : {"GET ", "/ HTTP", "/1.1\r\nHo"}) {
    client.sends(piece);
    advance(3s);
  }
  client.sends("st: a");
  advance(1s + kPast);
  EXPECT_EQ(client.receives().status(), 408);
}

TEST_F(ClientTimeout, ALaterHeadHasTenSecondsFromItsFirstByte) {
  Party& client = connect();
  client.sends(kGet);
  accept().sends(kOk);
  client.receives();
  advance(20s);
  client.sends("G");
  advance(10s + kNearly);
  EXPECT_EQ(client.receives_bytes(), "");
  advance(kPast);
  EXPECT_EQ(client.receives().status(), 408);
}

TEST_F(ClientTimeout, AConnectionWithoutARequestIsClosedInSilence) {
  Party& client = connect();
  advance(10s + kNearly);
  EXPECT_TRUE(client.is_connected());
  advance(kPast);
  EXPECT_FALSE(client.is_connected());
  EXPECT_EQ(client.receives_bytes(), "");
  EXPECT_TRUE(records().empty());
}

TEST_F(ClientTimeout, AnIdleConnectionIsClosedInSilence) {
  Party& client = connect();
  client.sends(kGet);
  accept().sends(kOk);
  client.receives();
  advance(75s + kNearly);
  EXPECT_TRUE(client.is_connected());
  advance(kPast);
  EXPECT_FALSE(client.is_connected());
  EXPECT_FALSE(client.was_reset());
  EXPECT_EQ(client.receives_bytes(), "");
}

TEST_F(ClientTimeout, ContentMayPauseForThirtySeconds) {
  listener().limits.min_body_rate = 0;
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nabc");
  Party& origin = accept();
  advance(29s);
  client.sends("def");
  advance(30s + kNearly);
  EXPECT_EQ(client.receives_bytes(), "");
  advance(kPast);
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 408);
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_FALSE(origin.is_connected());
  EXPECT_EQ(last_record().values.reason, Errc::body_timeout);
  EXPECT_EQ(last_record().values.bytes_in, 6U);
}

TEST_F(ClientTimeout, AClientThatTakesNothingIsDroppedWithAReset) {
  Party& client = connect({.window = 1024});
  client.stops_reading();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(50'000, 'x'));
  advance(30s + kNearly);
  EXPECT_TRUE(client.is_connected());
  advance(kPast);
  EXPECT_FALSE(client.is_connected());
  EXPECT_TRUE(client.was_reset());
  EXPECT_FALSE(origin.is_connected());
  EXPECT_EQ(last_record().values.reason, Errc::client_idle);
}

TEST_F(ClientTimeout, AClientThatTakesSomethingHasAnotherPeriod) {
  Party& client = connect({.window = 1024});
  client.stops_reading();
  client.sends(kGet);
  accept().sends("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(50'000, 'x'));
  advance(20s);
  for (int i = 0; i < 8; ++i) client.reads_some(1024);  // more than 240 for each of 30 seconds
  advance(20s);
  EXPECT_TRUE(client.is_connected());
  advance(20s + kPast);
  EXPECT_FALSE(client.is_connected());
}

TEST_F(ClientTimeout, AContentUntilCloseThatIsBrokenOffForASlowClientShows) {
  Party& client = connect({.window = 1024});
  client.stops_reading();
  client.sends("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
  accept().sends("HTTP/1.1 200 OK\r\n\r\n" + std::string(50'000, 'x'));
  advance(30s + kPast);
  EXPECT_TRUE(client.was_reset());
}

class OriginTimeout : public test::ExchangeTest {};

TEST_F(OriginTimeout, AResponseHeadHasThirtySeconds) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  advance(20s);
  origin.sends("HTTP/1.1 2");
  advance(10s + kNearly);
  EXPECT_EQ(client.receives_bytes(), "");
  advance(kPast);
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 504);
  EXPECT_TRUE(answer.field("Proxy-Status").starts_with("weir; error=http_response_timeout"));
  EXPECT_TRUE(client.is_connected());
  EXPECT_FALSE(origin.is_connected());
  EXPECT_EQ(last_record().values.reason, Errc::response_timeout);
}

TEST_F(OriginTimeout, AResponseHeadThatTricklesHasNoMoreTime) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  for (std::string_view piece : {"HTTP/1.1 ", "200 OK\r\n", "X-Slow: ", "ye"}) {
    advance(7s);
    origin.sends(piece);
  }
  advance(2s + kPast);
  EXPECT_EQ(client.receives().status(), 504);
}

TEST_F(OriginTimeout, AResponseMayPauseForSixtySeconds) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  advance(59s);
  origin.sends("def");
  advance(60s + kNearly);
  EXPECT_TRUE(client.is_connected());
  advance(kPast);
  EXPECT_TRUE(client.was_reset());
  EXPECT_FALSE(client.receives().whole);
  EXPECT_FALSE(origin.is_connected());
  EXPECT_EQ(last_record().values.reason, Errc::response_idle_timeout);
}

TEST_F(OriginTimeout, ConnectingThatTakesTooLongIsAGatewayTimeout) {
  cluster().connections.connect_timeout = 1500ms;
  Party& client = connect();
  client.sends(kGet);
  EXPECT_EQ(connector.targets().back().timeout, 1500ms);
  refuse({Errc::connect_timeout});
  EXPECT_EQ(client.receives().status(), 504);
  EXPECT_EQ(last_record().values.reason, Errc::connect_timeout);
}

TEST_F(OriginTimeout, AnOriginThatStopsReadingAnUploadIsGivenUp) {
  Party& client = connect();
  client.sends("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 900000\r\n\r\n");
  Party& origin = accept({.window = 1024});
  origin.stops_reading();
  client.sends(std::string(800'000, 'x'), limits::kReceiveBuffer);
  ASSERT_FALSE(client.is_read());
  advance(30s + kNearly);
  EXPECT_EQ(client.receives_bytes(), "");
  advance(kPast);
  EXPECT_EQ(client.receives().status(), 504);
  EXPECT_EQ(last_record().values.reason, Errc::upstream_write_timeout);
  EXPECT_FALSE(origin.is_connected());
}

TEST_F(OriginTimeout, TheTimeForTheAnswerBeginsWhenTheOriginHasTheRequest) {
  Party& client = connect();
  client.sends("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 200000\r\n\r\n");
  Party& origin = accept({.window = 64 * 1024});
  origin.stops_reading();
  client.sends(std::string(200'000, 'x'), limits::kReceiveBuffer);
  advance(20s);
  origin.reads_on();
  advance(20s);
  EXPECT_EQ(client.receives_bytes(), "");
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

class RequestTimeout : public test::ExchangeTest {
 protected:
  RequestTimeout() { route().timeouts.request = 5s; }
};

TEST_F(RequestTimeout, BoundsTheWaitForAnAnswer) {
  Party& client = connect();
  client.sends(kGet);
  accept();
  advance(5s + kNearly);
  EXPECT_EQ(client.receives_bytes(), "");
  advance(kPast);
  EXPECT_EQ(client.receives().status(), 504);
  EXPECT_EQ(last_record().values.reason, Errc::request_timeout);
}

TEST_F(RequestTimeout, BoundsAnAnswerThatTrickles) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
  for (int i = 0; i < 4; ++i) {
    advance(1s);
    origin.sends("x");
  }
  EXPECT_TRUE(client.is_connected());
  advance(1s + kPast);
  EXPECT_TRUE(client.was_reset());
  EXPECT_EQ(last_record().values.reason, Errc::request_timeout);
}

TEST_F(RequestTimeout, BoundsAllAttemptsTogether) {
  set_endpoints(2);
  route().retry.on.statuses = {503};
  Party& client = connect();
  client.sends(kGet);
  Party& first = accept();
  advance(4s);
  first.sends("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  accept();
  advance(1s + kPast);
  EXPECT_EQ(client.receives().status(), 504);
}

class Linger : public test::ExchangeTest {};

TEST_F(Linger, AClientThatDoesNotCloseIsClosedAfterASecond) {
  Party& client = connect();
  client.sends("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
  accept().sends(kOk);
  EXPECT_TRUE(client.was_told_end());
  advance(1s + kNearly);
  EXPECT_TRUE(client.is_connected());
  advance(kPast);
  EXPECT_FALSE(client.is_connected());
}

TEST_F(Linger, AClientThatStillTakesTheAnswerHasTheTimeForIt) {
  Party& client = connect({.window = 1024});
  client.stops_reading();
  client.sends("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
  accept().sends("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + std::string(50'000, 'x'));
  advance(20s);
  EXPECT_TRUE(client.is_connected());
  client.reads_on();
  EXPECT_TRUE(client.receives().whole);
  EXPECT_TRUE(client.was_told_end());
  advance(1s + kPast);
  EXPECT_FALSE(client.is_connected());
}

TEST_F(Linger, AClientThatNeverTakesItIsReset) {
  Party& client = connect({.window = 1024});
  client.stops_reading();
  client.sends("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
  accept().sends("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + std::string(50'000, 'x'));
  advance(30s + kPast);
  EXPECT_FALSE(client.is_connected());
  EXPECT_TRUE(client.was_reset()) << "what is lost must show";
}

TEST_F(Linger, TheRestOfAnAnsweredRequestIsDrainedAndTheConnectionKept) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 60000\r\n\r\n");
  Party& origin = accept();
  origin.sends("HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 413);
  client.sends(std::string(60'000, 'x') + std::string(kGet));
  accept().sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(Linger, MoreThanALittleIsNotDrained) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 900000\r\n\r\n");
  accept().sends("HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 413);
  client.sends(std::string(900'000, 'x'), limits::kReceiveBuffer);
  EXPECT_FALSE(client.is_connected());
}

TEST_F(Linger, DrainingEndsAfterASecond) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n");
  accept().sends("HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(client.was_told_end());
  advance(1s + kPast);
  client.receives();
  EXPECT_TRUE(client.was_told_end());
  advance(1s + kPast);
  EXPECT_FALSE(client.is_connected());
}

// An echoing origin answers while the upload goes on; the client sends and never reads. Whatever it
// sends, the answer it does not take decides.
class NeverReads : public test::ExchangeTest {
 protected:
  Party& begin() {
    Party& client = connect({.window = 1024});
    client.stops_reading();
    client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nfirst");
    Party& origin = accept();
    origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(400'000, 'x'),
                 64 * 1024);
    return client;
  }
  void expect_ended() {
    ASSERT_EQ(records().size(), 1U);
    EXPECT_EQ(last_record().values.reason, Errc::client_idle);
    EXPECT_EQ(live_cluster().connections(), 0U);
  }
};

TEST_F(NeverReads, AfterItsRequestIsComplete) {
  Party& client = begin();
  client.sends(std::string(95, 'y'));
  for (int i = 0; i < 3; ++i) advance(limits::kClientWriteIdleTimeout + 1s);
  expect_ended();
}

TEST_F(NeverReads, WhileItDripsContent) {
  Party& client = begin();
  for (int i = 0; i < 8 && records().empty(); ++i) {
    advance(20s);
    client.sends("y");
  }
  expect_ended();
}

TEST_F(NeverReads, WhileItsHeadWasAnsweredEarly) {
  begin();
  for (int i = 0; i < 3; ++i) advance(limits::kClientWriteIdleTimeout + 1s);
  expect_ended();
}

}  // namespace
}  // namespace weir::proxy
