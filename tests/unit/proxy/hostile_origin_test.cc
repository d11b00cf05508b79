// Origins that are broken or hostile: the client gets whole messages or sees that they are not, and
// no byte of one exchange reaches another.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::HttpText;
using test::kGet;
using test::kOk;
using test::Party;

class HostileOrigin : public test::ExchangeTest {
 protected:
  // A POST, which is never sent again, whatever becomes of it.
  Party& post() {
    Party& client = connect();
    client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi");
    return client;
  }
};

class MalformedResponse : public HostileOrigin,
                          public testing::WithParamInterface<std::string_view> {};

TEST_P(MalformedResponse, IsABadGateway) {
  Party& client = post();
  Party& origin = accept();
  origin.sends(GetParam());
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 502);
  EXPECT_TRUE(answer.field("Proxy-Status").starts_with("weir; error=http_protocol_error"));
  EXPECT_TRUE(client.is_connected());
  EXPECT_FALSE(origin.is_connected());
  EXPECT_EQ(last_record().values.reason, Errc::bad_response);
}

INSTANTIATE_TEST_SUITE_P(
    Heads, MalformedResponse,
    testing::Values("HTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "HTTP/1.1 200 OK\nX: a\n\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"));

TEST_F(HostileOrigin, AHeadBeyondAllBoundsIsABadGateway) {
  Party& client = post();
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nX: " + std::string(limits::kHeadBytes, 'x'));
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(last_record().values.reason, Errc::response_head_too_large);
  EXPECT_FALSE(origin.is_connected());
}

TEST_F(HostileOrigin, BytesAfterTheResponseDoNotReachAnybody) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(std::string(kOk) + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(client.receives_bytes(), "");
  EXPECT_FALSE(origin.is_connected());
  client.sends(kGet);
  accept().sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(HostileOrigin, StrayBytesOnAnIdleConnectionEndItBeforeItIsUsed) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(kOk);
  EXPECT_TRUE(origin.is_connected());
  origin.sends("HTTP/1.1 408 Request Timeout\r\n\r\n");
  EXPECT_FALSE(origin.is_connected());
  client.receives();
  client.sends(kGet);
  accept().sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(HostileOrigin, ContentAfterAnAnswerToHeadIsNoAnswerToTheNext) {
  Party& client = connect();
  client.sends("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(client.receives_bodiless().status(), 200);
  EXPECT_EQ(client.receives_bytes(), "");
  EXPECT_FALSE(origin.is_connected());
}

TEST_F(HostileOrigin, LateContentAfterAnAnswerToHeadEndsTheIdleConnection) {
  Party& client = connect();
  client.sends("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_TRUE(origin.is_connected());
  origin.sends("hello");
  EXPECT_FALSE(origin.is_connected());
}

TEST_F(HostileOrigin, ClosingWithoutAByteIsABadGatewayForAPost) {
  set_endpoints(2);
  Party& client = post();
  accept().closes();
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(last_record().values.reason, Errc::upstream_reset);
  EXPECT_EQ(last_record().values.attempts, 1);
}

TEST_F(HostileOrigin, ClosingWithoutAByteSendsAGetElsewhere) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(kGet);
  accept().closes();
  EXPECT_EQ(connected_to(), "10.0.0.2:80");
  accept().sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(last_record().values.attempts, 2);
}

TEST_F(HostileOrigin, ClosingAmidALengthShowsAsTruncation) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  origin.closes();
  const HttpText response = client.receives();
  EXPECT_EQ(response.body, "half");
  EXPECT_FALSE(response.whole);
  EXPECT_TRUE(client.was_reset());
  EXPECT_EQ(last_record().values.reason, Errc::upstream_truncated);
  EXPECT_EQ(last_record().values.status, 200);
}

TEST_F(HostileOrigin, AResetAmidChunksShowsAsTruncation) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  origin.resets();
  const HttpText response = client.receives();
  EXPECT_EQ(response.body, "half");
  EXPECT_FALSE(response.whole) << "no last chunk";
  EXPECT_TRUE(client.was_reset());
}

TEST_F(HostileOrigin, AResetBeforeTheEndOfContentUntilCloseShowsAsTruncation) {
  Party& client = connect();
  client.sends("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\n\r\nhalf");
  origin.resets();
  EXPECT_EQ(client.receives().body, "half");
  EXPECT_TRUE(client.was_reset());
}

TEST_F(HostileOrigin, AMalformedChunkAfterTheHeadShowsAsTruncation) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  origin.sends("zz\r\n");
  EXPECT_FALSE(client.receives().whole);
  EXPECT_TRUE(client.was_reset());
  EXPECT_FALSE(origin.is_connected());
}

TEST_F(HostileOrigin, AnAnswerBeforeTheRequestIsSentEndsTheConnectionAfterIt) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nab");
  Party& origin = accept();
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_FALSE(origin.is_connected()) << "its request never ended";
  client.sends("cd");
  client.sends(kGet);
  accept().sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

// The failed write eats the socket's error, so the end that follows looks like a clean one.
TEST_F(HostileOrigin, AnEndAfterAFailedWriteCompletesNothing) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nfirst");
  Party& origin = accept();
  origin.sends("HTTP/1.0 200 OK\r\n\r\nuntil the end");
  origin.peer().wire().fail_writes(net::MemoryWire::End::left);
  client.sends("second");
  origin.closes();
  EXPECT_EQ(client.receives_bytes().find("0\r\n\r\n"), std::string::npos);
  EXPECT_FALSE(client.is_connected());
  EXPECT_EQ(last_record().values.reason, Errc::upstream_truncated);
}

}  // namespace
}  // namespace weir::proxy
