// What the proxy answers by itself: routes that answer, and requests that go no further.
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

class Answer : public test::ExchangeTest {};

TEST_F(Answer, NoRouteIsNotFoundAndKeepsTheConnection) {
  route().match.path = "/shop";
  Party& client = connect();
  for (int i = 0; i < 2; ++i) {
    client.sends(kGet);
    const HttpText answer = client.receives();
    EXPECT_EQ(answer.status(), 404);
    EXPECT_EQ(answer.field("Proxy-Status"),
              "weir; error=destination_not_found; details=\"no route matches\"");
    EXPECT_EQ(answer.body, "404 Not Found: no route matches\n");
    EXPECT_EQ(answer.field("Date"), "Tue, 14 Nov 2023 22:13:20 GMT");
    EXPECT_EQ(answer.field("Connection"), "-");
  }
  EXPECT_TRUE(connector.targets().empty());
}

TEST_F(Answer, ARedirectKeepsPathAndQuery) {
  route().action = config::ActionKind::redirect;
  route().redirect = {.to = "https://shop.test/", .status = 308};
  Party& client = connect();
  client.sends("GET /a?b=c HTTP/1.1\r\nHost: a.test\r\n\r\n");
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 308);
  EXPECT_EQ(answer.field("Location"), "https://shop.test/a?b=c");
  EXPECT_FALSE(answer.has("Proxy-Status"));
  EXPECT_TRUE(client.is_connected());
  EXPECT_EQ(last_record().values.reason, Errc::none);
  client.sends("GET /d HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(client.receives().field("Location"), "https://shop.test/d");
}

TEST_F(Answer, ARespondingRouteSaysItsText) {
  route().action = config::ActionKind::respond;
  route().respond = {.status = 410, .body = "{}", .content_type = "application/json"};
  Party& client = connect();
  client.sends(kGet);
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.start, "HTTP/1.1 410 Gone");
  EXPECT_EQ(answer.field("Content-Type"), "application/json");
  EXPECT_EQ(answer.body, "{}");
  EXPECT_FALSE(answer.has("Proxy-Status"));
  client.sends("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(client.receives_bodiless().field("Content-Length"), "2");
  EXPECT_EQ(client.receives_bytes(), "");
  client.sends(kGet);
  EXPECT_EQ(client.receives().body, "{}");
}

TEST_F(Answer, ContentOfAnAnsweredRequestIsNoRequest) {
  route().match.path = "/shop";
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 36\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 404);
  client.sends("GET /smug HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(client.receives_bytes(), "");
  client.sends("GET /real HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(last_record().path, "/real");
  EXPECT_EQ(records().size(), 2U);
}

TEST_F(Answer, OptionsThatMayGoNoFurtherAreAnsweredHere) {
  Party& client = connect();
  client.sends("OPTIONS / HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: 0\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 200);
  EXPECT_TRUE(connector.targets().empty());
  client.sends("OPTIONS / HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: 3\r\n\r\n");
  Party& origin = accept();
  EXPECT_EQ(origin.receives().field("Max-Forwards"), "2");
  origin.sends(kOk);
}

TEST_F(Answer, DeclaredContentBeyondTheLimitIsRefusedBeforeItComes) {
  listener().limits.body_bytes = 10;
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 11\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 413);
  EXPECT_TRUE(connector.targets().empty());
  client.sends("12345678901");  // little enough to be drained
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n1234567890");
  Party& origin = accept();
  EXPECT_EQ(origin.receives().body, "1234567890");
  origin.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(Answer, ChunkedContentBeyondTheLimitIsRefusedWhenItIsReached) {
  listener().limits.body_bytes = 10;
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.sends("a\r\n1234567890\r\n");
  Party& origin = accept();
  EXPECT_EQ(client.receives_bytes(), "");
  client.sends("1\r\nx\r\n");
  EXPECT_EQ(client.receives().status(), 413);
  EXPECT_FALSE(origin.is_connected());
  EXPECT_FALSE(origin.receives().whole);
  EXPECT_EQ(last_record().values.reason, Errc::body_too_large);
}

TEST_F(Answer, ARoutesOwnLimitGoesBeforeTheListeners) {
  listener().limits.body_bytes = 10;
  route().body_bytes = 0;
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 11\r\n\r\n12345678901");
  Party& origin = accept();
  EXPECT_EQ(origin.receives().body.size(), 11U);
  origin.sends(kOk);
}

struct Refused {
  std::string_view request;
  int status;
  Errc reason;
};

class Refusal : public test::ExchangeTest, public testing::WithParamInterface<Refused> {};

TEST_P(Refusal, IsAnsweredReachesNoOriginAndEndsTheConnection) {
  Party& client = connect();
  client.sends(std::string(GetParam().request) + std::string(kGet));
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), GetParam().status);
  EXPECT_TRUE(answer.field("Proxy-Status").starts_with("weir; error=http_request_"));
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_EQ(client.receives_bytes(), "") << "what follows is not looked at";
  EXPECT_TRUE(client.was_told_end());
  EXPECT_TRUE(client.is_connected()) << "lingers, so that the answer arrives";
  EXPECT_TRUE(connector.targets().empty());
  EXPECT_EQ(last_record().values.reason, GetParam().reason);
  EXPECT_EQ(records().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Requests, Refusal,
    testing::Values(Refused{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, Errc::bad_field},
                    Refused{"GET / HTTP/1.1\r\n\r\n", 400, Errc::bad_host},
                    Refused{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                            400, Errc::bad_framing},
                    Refused{"GET / HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n\r\n", 417,
                            Errc::expectation_failed},
                    Refused{
                        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                        501, Errc::unknown_coding}));

TEST_F(Answer, MethodsThatAreNotForProxiesTellWhichAre) {
  for (std::string_view request : {"TRACE / HTTP/1.1\r\nHost: a.test\r\n\r\n",
                                   "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n"}) {
    Party& client = connect();
    client.sends(request);
    const HttpText answer = client.receives();
    EXPECT_EQ(answer.status(), 405);
    EXPECT_EQ(answer.field("Allow"), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  }
  EXPECT_TRUE(connector.targets().empty());
}

TEST_F(Answer, MalformedContentIsRefusedAndItsRequestStaysIncomplete) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  Party& origin = accept();
  client.sends("zz\r\n");
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 400);
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_FALSE(origin.is_connected());
  EXPECT_FALSE(origin.receives().whole);
  EXPECT_EQ(last_record().values.reason, Errc::bad_chunk);
}

TEST_F(Answer, MalformedContentAfterTheResponseBeganShowsAsTruncation) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  client.sends("zz\r\n");
  EXPECT_TRUE(client.was_reset());
  EXPECT_FALSE(client.receives().whole);
  EXPECT_FALSE(origin.is_connected());
}

TEST_F(Answer, ALingeringClientIsBoundedInWhatItSends) {
  Party& client = connect();
  client.sends("GET / HTTP/1.1\r\nHost : a\r\n\r\n");
  client.sends(std::string(limits::kLingerBytes, 'x'), 16 * 1024);
  EXPECT_TRUE(client.is_connected());
  client.sends("x");
  EXPECT_FALSE(client.is_connected());
}

}  // namespace
}  // namespace weir::proxy
