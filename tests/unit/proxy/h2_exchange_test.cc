// Exchanges over HTTP/2: what reaches the origin, what comes back, several at once, and every place
// at which the client's bytes can be cut.
#include <gtest/gtest.h>

#include <string>

#include "h2_scenario.h"

namespace weir::proxy {
namespace {

using test::H2Client;
using test::HttpText;
using test::Party;
namespace h2 = test::h2;
using namespace std::chrono_literals;

class H2Exchange : public test::H2Test {
 protected:
  Party* origin_ = nullptr;  // the one whose connection is kept
};

TEST_F(H2Exchange, AGetGoesToTheOriginAsHttp1) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, h2::request_fields("GET", "/a?b=c", {{"accept", "*/*"}})));
  Party& origin = accept();
  const HttpText request = origin.receives();
  EXPECT_EQ(request.start, "GET /a?b=c HTTP/1.1");
  EXPECT_EQ(request.field("Host"), "a.test");
  EXPECT_EQ(request.field("Accept"), "*/*");
  EXPECT_EQ(request.field("Via"), "2.0 weir");
  EXPECT_EQ(request.field("X-Forwarded-For"), "192.0.2.1");
  EXPECT_FALSE(request.has(":path"));
  origin.sends(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Origin: One\r\nConnection: X-Hop\r\n"
      "X-Hop: 1\r\nKeep-Alive: timeout=5\r\n\r\nhello");
  const h2::Answer& answer = client.answer(1);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_TRUE(answer.ended);
  EXPECT_EQ(answer.field("content-length"), "5");
  EXPECT_EQ(answer.field("x-origin"), "One");
  EXPECT_EQ(answer.field("via"), "1.1 weir");
  EXPECT_NE(answer.field("date"), "-");
  for (const char* gone : {"connection", "keep-alive", "x-hop", "transfer-encoding"}) {
    EXPECT_EQ(answer.field(gone), "-") << gone;
  }
  EXPECT_FALSE(answer.reset);
}

TEST_F(H2Exchange, TheRecordIsAsOfHttp1) {
  H2Client& client = connect_h2();
  client.sends(
      h2::headers(1, h2::request_fields("POST", "/a?b=c", {{"user-agent", "t/1"}}), false) +
      h2::data(1, "hello", true));
  accept().sends(ok("ok"));
  client.answer(1);
  ASSERT_EQ(records().size(), 1U);
  const auto& record = last_record();
  EXPECT_EQ(record.protocol, "HTTP/2.0");
  EXPECT_EQ(record.method, "POST");
  EXPECT_EQ(record.path, "/a?b=c");
  EXPECT_EQ(record.host, "a.test");
  EXPECT_EQ(record.values.status, 200);
  EXPECT_EQ(record.values.bytes_in, 5U);
  EXPECT_GT(record.values.bytes_out, 2U);
  EXPECT_EQ(record.values.reason, Errc::none);
}

TEST_F(H2Exchange, SettingsAnnounceTheListenersLimits) {
  listener().http2.max_streams = 7;
  listener().http2.window = 32 * 1024;
  listener().limits.header_bytes = 2048;
  H2Client& client = connect_h2();
  auto settings = client.seen().server_settings();
  EXPECT_EQ(settings[3], 7U);
  EXPECT_EQ(settings[4], 32U * 1024);
  EXPECT_EQ(settings[6], 2048U);
  EXPECT_EQ(client.seen().opened(0), 1024U * 1024 - 65535);
}

TEST_F(H2Exchange, ExchangesRunSideBySide) {
  H2Client& client = connect_h2();
  client.sends(h2::get(1, "/1") + h2::get(3, "/2") + h2::get(5, "/3"));
  Party& first = accept();
  Party& second = accept();
  Party& third = accept();
  third.sends(ok("three"));
  EXPECT_EQ(client.answer(5).body, "three");
  EXPECT_EQ(client.answer(1).status, 0);
  first.sends(ok("one"));
  second.sends(ok("two"));
  EXPECT_EQ(client.answer(1).body, "one");
  EXPECT_EQ(client.answer(3).body, "two");
  client.sends(h2::get(7));
  EXPECT_EQ(connecting(), 0U) << "the origins' connections are used again";
  EXPECT_EQ(records().size(), 3U);
}

TEST_F(H2Exchange, EveryPlaceToCutMakesTheSameRequest) {
  const std::string bytes =
      h2::hello() + h2::headers(1, h2::request_fields("POST", "/cut", {{"x-a", "b"}}), false) +
      h2::data(1, "con") + h2::data(1, "tent", true);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    Party& party = connect();
    H2Client client(party);
    party.sends(bytes.substr(0, cut));
    party.sends(bytes.substr(cut));
    Party& origin = connecting() > 0 ? accept() : *origin_;
    origin_ = &origin;
    const HttpText request = origin.receives();
    ASSERT_EQ(request.start, "POST /cut HTTP/1.1") << cut;
    ASSERT_EQ(request.body, "content") << cut;
    origin.sends(ok("ok"));
    ASSERT_EQ(client.answer(1).body, "ok") << cut;
    party.closes();
  }
}

TEST_F(H2Exchange, ByteByByteIsAsGood) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, h2::request_fields("PUT", "/slow"), false) + h2::data(1, "abc", true),
               1);
  Party& origin = accept();
  EXPECT_EQ(origin.receives().body, "abc");
  origin.sends(ok("done"), 1);
  EXPECT_EQ(client.answer(1).body, "done");
}

TEST_F(H2Exchange, WhatOnlyBeginsLikeThePrefaceIsHttp1) {
  for (const std::string_view head :
       {"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nok",
        "PUT /p HTTP/1.1\r\nHost: "
        "a.test\r\nContent-Length: 0\r\n\r\n"}) {
    Party& client = connect();
    client.sends(head, 1);
    Party& origin = connecting() > 0 ? accept() : *origin_;
    origin_ = &origin;
    EXPECT_TRUE(origin.receives().start.starts_with("P"));
    origin.sends(ok("ok"));
    EXPECT_EQ(client.receives().status(), 200);
  }
  Party& client = connect();
  client.sends("PRI * HTTP/2.0\r\n\r\nSX", 1);
  EXPECT_EQ(client.receives().status(), 400);
}

TEST_F(H2Exchange, AListenerWithoutHttp2RefusesThePreface) {
  listener().http2.enabled = false;
  Party& client = connect();
  client.sends(h2::hello());
  EXPECT_EQ(client.receives().status(), 400);
}

TEST_F(H2Exchange, ContentAndTrailersGoBothWays) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, h2::request_fields("POST", "/", {{"te", "trailers"}}), false) +
               h2::data(1, "abc") + h2::data(1, "def") +
               h2::headers(1, {{"x-sum", "7"}, {"x-forwarded-for", "9"}}));
  Party& origin = accept();
  const HttpText request = origin.receives();
  EXPECT_EQ(request.body, "abcdef");
  EXPECT_TRUE(request.chunked);
  EXPECT_EQ(request.trailer("X-Sum"), "7");
  EXPECT_EQ(request.trailer("X-Forwarded-For"), "-") << "not a trailer's business";
  EXPECT_EQ(request.field("TE"), "trailers");
  origin.sends(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\nX-Done: yes\r\n"
      "\r\n");
  const h2::Answer& answer = client.answer(1);
  EXPECT_EQ(answer.body, "xyz");
  EXPECT_EQ(answer.trailer("x-done"), "yes");
  EXPECT_TRUE(answer.ended);
  EXPECT_EQ(answer.field("content-length"), "-");
}

TEST_F(H2Exchange, AnswersWithoutContentEndWithTheirHead) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, h2::request_fields("HEAD", "/")));
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.answer(1).field("content-length"), "5");
  EXPECT_TRUE(client.answer(1).ended);
  client.sends(h2::get(3));
  origin.sends("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(client.answer(3).status, 204);
  EXPECT_TRUE(client.answer(3).ended);
  EXPECT_TRUE(client.seen().frames(h2::kData).empty());
}

TEST_F(H2Exchange, InterimAnswersPass) {
  H2Client& client = connect_h2();
  client.sends(
      h2::headers(1, h2::request_fields("POST", "/", {{"expect", "100-continue"}}), false));
  Party& origin = accept();
  EXPECT_EQ(origin.receives().field("Expect"), "100-continue");
  origin.sends("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  EXPECT_EQ(client.answer(1).interim, (std::vector<int>{100, 103}));
  client.sends(h2::data(1, "go", true));
  origin.sends(ok("ok"));
  EXPECT_EQ(client.answer(1).status, 200);
  EXPECT_EQ(client.answer(1).body, "ok");
}

TEST_F(H2Exchange, CookieCrumbsAreJoined) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(
      1, h2::request_fields(
             "GET", "/",
             {{"cookie", "a=1"}, {"x-between", "x"}, {"cookie", "b=2"}, {"cookie", "c=3"}})));
  const HttpText request = accept().receives();
  EXPECT_EQ(request.field("Cookie"), "a=1; b=2; c=3");
  EXPECT_EQ(request.field("X-Between"), "x");
}

// Or the field would end in a space, and be another one to whoever reads it next.
TEST_F(H2Exchange, EmptyCookieCrumbsAreLeftOut) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(
      1, h2::request_fields("GET", "/", {{"cookie", ""}, {"cookie", "a=1"}, {"cookie", ""}})));
  EXPECT_EQ(accept().receives().field("Cookie"), "a=1");
}

TEST_F(H2Exchange, OwnAnswersSayWhatTheySayOnHttp1) {
  file.routes[0].match.path = "/shop";
  H2Client& client = connect_h2();
  client.sends(h2::get(1, "/none") + h2::headers(3, h2::request_fields("HEAD", "/none")));
  const h2::Answer& answer = client.answer(1);
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.field("proxy-status").substr(0, 5), "weir;");
  EXPECT_EQ(answer.field("content-length"), std::to_string(answer.body.size()));
  EXPECT_EQ(answer.field("connection"), "-");
  EXPECT_TRUE(answer.ended);
  EXPECT_EQ(client.answer(3).status, 404);
  EXPECT_EQ(client.answer(3).body, "");
  EXPECT_EQ(client.answer(3).field("content-length"), answer.field("content-length"));
}

TEST_F(H2Exchange, AnEarlyAnswerAsksForNoMoreContent) {
  file.routes[0].match.path = "/shop";
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, h2::request_fields("POST", "/none"), false) + h2::data(1, "abc"));
  EXPECT_EQ(client.answer(1).status, 404);
  EXPECT_TRUE(client.answer(1).ended);
  EXPECT_EQ(client.answer(1).reset, 0U) << "RFC 9113 section 8.1: NO_ERROR";
  client.sends(h2::data(1, "more", true) + h2::get(3, "/shop"));
  accept().sends(ok("ok"));
  EXPECT_EQ(client.answer(3).body, "ok");
}

TEST_F(H2Exchange, AnAnswerThatBreaksOffResetsItsStreamOnly) {
  H2Client& client = connect_h2();
  client.sends(h2::get(1) + h2::get(3));
  Party& first = accept();
  Party& second = accept();
  first.sends("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  first.closes();
  EXPECT_EQ(client.answer(1).body, "half");
  EXPECT_FALSE(client.answer(1).ended);
  EXPECT_EQ(client.answer(1).reset, 2U);
  second.sends(ok("two"));
  EXPECT_EQ(client.answer(3).body, "two");
}

TEST_F(H2Exchange, AllThatATurnSaysGoesOutTogether) {
  H2Client& client = connect_h2();
  client.sends(h2::get(1) + h2::get(3));
  Party& first = accept();
  Party& second = accept();
  const std::size_t before = client.seen().frames().size();
  first.peer().send(ok("one"));  // without letting the turn end
  second.peer().send(ok("two"));
  EXPECT_EQ(client.party().peer().received(), "") << "nothing before the turn's end";
  settle();
  EXPECT_GT(client.seen().frames().size(), before);
  EXPECT_EQ(client.answer(1).body, "one");
  EXPECT_EQ(client.answer(3).body, "two");
}

}  // namespace
}  // namespace weir::proxy
