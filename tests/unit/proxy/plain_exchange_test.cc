// The plain way of requests and responses through the proxy: every framing, in both directions.
#include <gtest/gtest.h>

#include <string>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::HttpText;
using test::kGet;
using test::kOk;
using test::Party;

class PlainExchange : public test::ExchangeTest {};

TEST_F(PlainExchange, GetIsForwardedAndItsAnswerComesBack) {
  Party& client = connect();
  client.sends("GET /shop?x=1 HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\n\r\n");
  Party& origin = accept();
  const HttpText request = origin.receives();
  EXPECT_EQ(request.start, "GET /shop?x=1 HTTP/1.1");
  EXPECT_EQ(request.field("Host"), "a.test");
  EXPECT_EQ(request.field("Accept"), "*/*");
  EXPECT_FALSE(request.has("Content-Length"));
  EXPECT_FALSE(request.chunked);

  origin.sends("HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nServer: o\r\n\r\nhello");
  const HttpText response = client.receives();
  EXPECT_EQ(response.start, "HTTP/1.1 200 Fine");
  EXPECT_EQ(response.field("Content-Length"), "5");
  EXPECT_EQ(response.field("Server"), "o");
  EXPECT_EQ(response.field("Connection"), "-");
  EXPECT_EQ(response.body, "hello");
  EXPECT_TRUE(client.is_connected());
}

TEST_F(PlainExchange, PostWithContentLengthKeepsItsLength) {
  Party& client = connect();
  client.sends("POST /p HTTP/1.1\r\nHost: a.test\r\nContent-Length: 11\r\n\r\nhello ");
  Party& origin = accept();
  client.sends("world");
  const HttpText request = origin.receives();
  EXPECT_EQ(request.field("Content-Length"), "11");
  EXPECT_FALSE(request.chunked);
  EXPECT_EQ(request.body, "hello world");
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(PlainExchange, ChunkedContentAndTrailersPassBothWays) {
  Party& client = connect();
  client.sends(
      "POST / HTTP/1.1\r\nHost: a.test\r\nTE: trailers\r\nConnection: TE\r\n"
      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  Party& origin = accept();
  client.sends("6;ext=1\r\n world\r\n0\r\nX-Sum: 7\r\n\r\n");
  const HttpText request = origin.receives();
  EXPECT_TRUE(request.chunked);
  EXPECT_TRUE(request.whole);
  EXPECT_EQ(request.body, "hello world");
  EXPECT_EQ(request.trailer("X-Sum"), "7");

  origin.sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  origin.sends("3\r\ndef\r\n0\r\nX-Check: 9\r\n\r\n");
  const HttpText response = client.receives();
  EXPECT_TRUE(response.chunked);
  EXPECT_TRUE(response.whole);
  EXPECT_EQ(response.body, "abcdef");
  EXPECT_EQ(response.trailer("X-Check"), "9");
  EXPECT_TRUE(client.is_connected());
  EXPECT_TRUE(origin.is_connected());
}

TEST_F(PlainExchange, ResponseContentIsPassedOnAsItComes) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
  const std::string first = client.receives_bytes();
  EXPECT_TRUE(first.ends_with("\r\n\r\nabc")) << first;
  origin.sends("def");
  EXPECT_EQ(client.receives_bytes(), "def");
}

TEST_F(PlainExchange, RequestContentIsPassedOnAsItComes) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\nabc");
  Party& origin = accept();
  EXPECT_TRUE(origin.receives_bytes().ends_with("\r\n\r\nabc"));
  client.sends("def");
  EXPECT_EQ(origin.receives_bytes(), "def");
  origin.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(PlainExchange, AnswerToHeadHasNoContentButTellsItsLength) {
  Party& client = connect();
  client.sends("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  Party& origin = accept();
  EXPECT_EQ(origin.receives().start, "HEAD / HTTP/1.1");
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  const HttpText response = client.receives_bodiless();
  EXPECT_EQ(response.field("Content-Length"), "1000");
  EXPECT_EQ(client.receives_bytes(), "");

  client.sends(kGet);  // both connections go on
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(origin.receives().start, "GET / HTTP/1.1");
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(PlainExchange, StatusesWithoutContentEndAtTheirHead) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(client.receives().start, "HTTP/1.1 204 No Content");
  client.sends(kGet);
  origin.sends("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 99\r\n\r\n");
  EXPECT_EQ(client.receives().field("ETag"), "\"x\"");
  client.sends(kGet);
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(connecting(), 0U);
}

TEST_F(PlainExchange, NoContentWithALengthLosesIt) {
  Party& client = connect();
  client.sends(kGet);
  accept().sends("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(client.receives().has("Content-Length"));
}

TEST_F(PlainExchange, ContentUntilTheOriginClosesIsChunkedForNewClients) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\n\r\nall of ");
  origin.sends("it");
  origin.closes();
  const HttpText response = client.receives();
  EXPECT_TRUE(response.chunked);
  EXPECT_TRUE(response.whole);
  EXPECT_EQ(response.body, "all of it");
  EXPECT_TRUE(client.is_connected());
}

TEST_F(PlainExchange, ContentUntilTheOriginClosesStaysSoForOldClients) {
  Party& client = connect();
  client.sends("GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n");
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\n\r\nall of it");
  origin.closes();
  const HttpText response = client.receives();
  EXPECT_FALSE(response.chunked);
  EXPECT_EQ(response.field("Connection"), "close");
  EXPECT_EQ(response.body, "all of it");
  EXPECT_TRUE(client.was_told_end());
  EXPECT_FALSE(client.was_reset());
}

TEST_F(PlainExchange, ChunkedContentIsUnwrappedForOldClients) {
  Party& client = connect();
  client.sends("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
  Party& origin = accept();
  EXPECT_EQ(origin.receives().start, "GET / HTTP/1.1");
  origin.sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  const HttpText response = client.receives();
  EXPECT_FALSE(response.chunked);
  EXPECT_FALSE(response.has("Transfer-Encoding"));
  EXPECT_EQ(response.body, "abc");
  EXPECT_TRUE(client.was_told_end());
}

TEST_F(PlainExchange, EmptyChunkedMessagesStayEmpty) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  Party& origin = accept();
  const HttpText request = origin.receives();
  EXPECT_TRUE(request.chunked);
  EXPECT_TRUE(request.whole);
  EXPECT_EQ(request.body, "");
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.receives().field("Content-Length"), "0");
}

TEST_F(PlainExchange, LargeContentArrivesWholeBothWays) {
  std::string content;
  for (int i = 0; i < 40'000; ++i) content += std::to_string(i);
  Party& client = connect();
  client.sends("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " +
                   std::to_string(content.size()) + "\r\n\r\n" + content,
               64 * 1024);
  Party& origin = accept();
  EXPECT_EQ(origin.receives().body, content);
  origin.sends(
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n" + content,
      64 * 1024);
  EXPECT_EQ(client.receives().body, content);
}

}  // namespace
}  // namespace weir::proxy
