// The record that every exchange leaves: one, and true.
#include <gtest/gtest.h>

#include <string>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::Party;
using test::SeenRecord;
using namespace std::chrono_literals;

class Record : public test::ExchangeTest {};

constexpr std::uint64_t kMs = 1'000'000;

TEST_F(Record, OfAnExchangeThatWentWell) {
  Party& client = connect();
  client.sends("POST /a?b HTTP/1.1\r\n");
  const std::uint64_t begin = clock.mono_ns();
  advance(100ms);
  client.sends("Host: a.test\r\nUser-Agent: t/1\r\nContent-Length: 5\r\n\r\nhello");
  advance(200ms);
  Party& origin = accept();
  advance(300ms);
  origin.sends("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\no");
  advance(400ms);
  origin.sends("k");
  const std::size_t sent = client.receives_bytes().size();

  ASSERT_EQ(records().size(), 1U);
  const SeenRecord& record = last_record();
  EXPECT_EQ(record.values.times.begin, begin);
  EXPECT_EQ(record.values.times.head, begin + 100 * kMs);
  EXPECT_EQ(record.values.times.connected, begin + 300 * kMs);
  EXPECT_EQ(record.values.times.first_byte, begin + 600 * kMs);
  EXPECT_EQ(record.values.times.end, begin + 1000 * kMs);
  EXPECT_EQ(record.values.status, 201);
  EXPECT_EQ(record.values.upstream_status, 201);
  EXPECT_EQ(record.values.reason, Errc::none);
  EXPECT_EQ(record.values.bytes_in, 5U);
  EXPECT_EQ(record.values.bytes_out, sent);
  EXPECT_EQ(record.values.attempts, 1);
  EXPECT_FALSE(record.values.reused_connection);
  EXPECT_TRUE(record.values.tls_version.empty());
  EXPECT_EQ(record.listener, "web");
  EXPECT_EQ(record.method, "POST");
  EXPECT_EQ(record.host, "a.test");
  EXPECT_EQ(record.path, "/a?b");
  EXPECT_EQ(record.protocol, "HTTP/1.1");
  EXPECT_EQ(record.route, "all");
  EXPECT_EQ(record.cluster, "origins");
  EXPECT_EQ(record.endpoint, "10.0.0.1:80");
  EXPECT_EQ(record.user_agent, "t/1");
  EXPECT_EQ(record.client, "192.0.2.1");
  EXPECT_EQ(record.id.size(), 32U);
  EXPECT_EQ(record.trace_id.size(), 32U);
}

TEST_F(Record, OfThePreviousExchangeIsForgotten) {
  Party& client = connect();
  client.sends("POST /1 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello");
  Party& origin = accept();
  origin.sends("HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'));
  const SeenRecord first = last_record();
  client.receives_bytes();
  client.sends("GET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n");
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const SeenRecord& second = last_record();
  EXPECT_EQ(second.values.bytes_in, 0U);
  EXPECT_EQ(second.values.bytes_out, client.receives_bytes().size());
  EXPECT_EQ(second.values.status, 200);
  EXPECT_EQ(second.values.attempts, 1);
  EXPECT_TRUE(second.values.reused_connection);
  EXPECT_NE(second.id, first.id);
}

TEST_F(Record, OfARetriedExchangeNamesTheEndpointThatAnswered) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(test::kGet);
  refuse();
  advance(100ms);
  accept().sends(test::kOk);
  EXPECT_EQ(last_record().values.attempts, 2);
  EXPECT_EQ(last_record().endpoint, "10.0.0.2:80");
  EXPECT_EQ(last_record().values.status, 200);
  EXPECT_EQ(last_record().values.times.connected, last_record().values.times.begin + 100 * kMs);
}

TEST_F(Record, OfAnOwnAnswerHasNoOrigin) {
  route().match.path = "/shop";
  Party& client = connect();
  client.sends("GET /none HTTP/1.0\r\nHost: a.test\r\n\r\n");
  const SeenRecord& record = last_record();
  EXPECT_EQ(record.values.status, 404);
  EXPECT_EQ(record.values.upstream_status, 0);
  EXPECT_EQ(record.values.reason, Errc::no_route);
  EXPECT_EQ(record.values.attempts, 0);
  EXPECT_EQ(record.route, "");
  EXPECT_EQ(record.cluster, "");
  EXPECT_EQ(record.endpoint, "");
  EXPECT_EQ(record.path, "/none");
  EXPECT_EQ(record.protocol, "HTTP/1.0");
  EXPECT_EQ(record.values.bytes_out, client.receives_bytes().size());
  EXPECT_EQ(record.values.times.connected, 0U);
  EXPECT_EQ(record.values.times.first_byte, 0U);
}

TEST_F(Record, OfAFailedExchangeSaysWhere) {
  Party& client = connect();
  client.sends(test::kGet);
  refuse();
  EXPECT_EQ(last_record().values.status, 502);
  EXPECT_EQ(last_record().values.reason, Errc::connect_refused);
  EXPECT_EQ(last_record().endpoint, "10.0.0.1:80");
  EXPECT_EQ(last_record().route, "all");
  EXPECT_EQ(client.receives().status(), 502);
}

TEST_F(Record, OfAClientThatLeftIsLoggedAs499) {
  Party& client = connect();
  client.sends(test::kGet);
  accept();
  client.closes();
  EXPECT_EQ(last_record().values.status, 0);
  EXPECT_EQ(observe::logged_status(last_record().values), 499);
  EXPECT_EQ(last_record().values.upstream_status, 0);
}

TEST_F(Record, OfAMalformedRequestTellsNothingUntrue) {
  Party& client = connect();
  client.sends("GET /x HTTP/1.1\r\nHost : a\r\n\r\n");
  EXPECT_EQ(last_record().values.status, 400);
  EXPECT_EQ(last_record().route, "");
  EXPECT_EQ(last_record().values.attempts, 0);
  EXPECT_EQ(last_record().values.times.head, 0U);
}

}  // namespace
}  // namespace weir::proxy
