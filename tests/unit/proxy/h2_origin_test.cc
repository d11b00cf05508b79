// Exchanges with endpoints that speak HTTP/2: how requests share connections, what a request and an
// answer become on the way, and back-pressure.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "h2_origin_scenario.h"

namespace weir::proxy {
namespace {

namespace h2 = test::h2;
using test::H2Origin;
using test::HttpText;
using test::kGet;
using test::kOk;
using test::Party;

using Http2Endpoint = test::H2OriginTest;

TEST_F(Http2Endpoint, SpeaksItByPriorKnowledge) {
  Party& client = connect();
  client.sends("GET /a?b HTTP/1.1\r\nHost: a.test\r\nX-One: 1\r\n\r\n");
  H2Origin& origin = accept_h2();
  EXPECT_EQ(origin.path(1), "/a?b");
  EXPECT_EQ(origin.request(1).trailer(":method"), "GET");
  EXPECT_EQ(origin.request(1).trailer(":scheme"), "http");
  EXPECT_EQ(origin.request(1).trailer(":authority"), "a.test");
  EXPECT_EQ(origin.request(1).trailer("x-one"), "1");
  EXPECT_EQ(origin.request(1).trailer("x-forwarded-for"), "192.0.2.1");
  EXPECT_EQ(origin.request(1).trailer("via"), "1.1 weir");
  EXPECT_TRUE(origin.request(1).ended);
  origin.answers(1, "hello");
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.start, "HTTP/1.1 200 OK");
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.field("Via"), "2.0 weir");
  EXPECT_EQ(last_record().values.reason, Errc::none);
  EXPECT_EQ(last_record().values.upstream_status, 200);
}

TEST_F(Http2Endpoint, RequestsShareAConnectionAndFinishInAnyOrder) {
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  H2Origin& origin = accept_h2();
  two.sends(kGet);
  EXPECT_EQ(origin.requests(), 2U);
  EXPECT_EQ(open_upstreams(), 1U);
  EXPECT_EQ(in_flight(), 2U);
  origin.answers(3, "two");
  EXPECT_EQ(two.receives().body, "two");
  EXPECT_FALSE(records()[0].values.reused_connection && records()[0].values.attempts > 1);
  origin.answers(1, "one");
  EXPECT_EQ(one.receives().body, "one");
  EXPECT_EQ(in_flight(), 0U);
}

TEST_F(Http2Endpoint, ARushWaitsForTheFirstConnection) {
  std::vector<Party*> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(&connect());
    clients.back()->sends(kGet);
  }
  EXPECT_EQ(connecting(), 1U);
  H2Origin& origin = accept_h2();
  EXPECT_EQ(origin.requests(), 5U);
  for (int i = 0; i < 5; ++i) {
    origin.answers(1 + 2 * i);
    EXPECT_EQ(clients[static_cast<std::size_t>(i)]->receives().body, "ok");
  }
}

TEST_F(Http2Endpoint, ARushLargerThanAConnectionOpensAnother) {
  cluster().connections.max_streams = 2;
  std::vector<Party*> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(&connect());
    clients.back()->sends(kGet);
  }
  EXPECT_EQ(connecting(), 3U);
  for (const std::size_t expected : {2U, 2U, 1U}) {
    H2Origin& origin = accept_h2();
    EXPECT_EQ(origin.requests(), expected);
    for (std::size_t i = 0; i < expected; ++i) origin.answers(static_cast<std::int32_t>(1 + 2 * i));
  }
  for (Party* client : clients) EXPECT_EQ(client->receives().body, "ok");
}

TEST_F(Http2Endpoint, TheEndpointsLimitOfStreamsIsKept) {
  Party& one = connect();
  one.sends(kGet);
  H2Origin& origin = accept_h2({{3, 1}});
  Party& two = connect();
  two.sends(kGet);
  EXPECT_EQ(origin.requests(), 1U);
  EXPECT_EQ(connecting(), 1U);
  H2Origin& second = accept_h2({{3, 1}});
  second.answers(1, "two");
  EXPECT_EQ(two.receives().body, "two");
  origin.answers(1, "one");
  EXPECT_EQ(one.receives().body, "one");
}

TEST_F(Http2Endpoint, AtTheClustersLimitRequestsWaitForAStream) {
  cluster().connections.max = 1;
  Party& one = connect();
  one.sends(kGet);
  H2Origin& origin = accept_h2({{3, 1}});
  Party& two = connect();
  two.sends(kGet);
  EXPECT_EQ(live_cluster().waiting(), 1U);
  origin.answers(1, "one");
  EXPECT_EQ(one.receives().body, "one");
  EXPECT_EQ(live_cluster().waiting(), 0U);
  origin.answers(3, "two");
  EXPECT_EQ(two.receives().body, "two");
}

TEST_F(Http2Endpoint, AFailedConnectFailsAllWhoWaitedForIt) {
  route().retry.attempts = 0;
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  two.sends(kGet);
  refuse();
  EXPECT_EQ(one.receives().status(), 502);
  EXPECT_EQ(two.receives().status(), 502);
  EXPECT_EQ(open_upstreams(), 0U);
}

TEST_F(Http2Endpoint, AConnectThatNobodyWaitsForIsGivenUp) {
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  two.sends(kGet);
  one.closes();
  EXPECT_EQ(connecting(), 1U);
  two.closes();
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(open_upstreams(), 0U);
}

TEST_F(Http2Endpoint, AnIdleConnectionServesAgainAndIsClosedInTime) {
  cluster().connections.idle_timeout = config::Millis(5000);
  Party& client = connect();
  client.sends(kGet);
  H2Origin& origin = accept_h2();
  origin.answers(1);
  client.receives();
  advance(config::Millis(4000));
  client.sends(kGet);
  origin.answers(3);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_TRUE(last_record().values.reused_connection);
  advance(config::Millis(4900));
  EXPECT_TRUE(origin.party().is_connected());
  advance(config::Millis(200));
  EXPECT_FALSE(origin.party().is_connected());
  EXPECT_EQ(origin.seen().goaway_code(), 0U) << "and says so";
}

TEST_F(Http2Endpoint, WithoutIdleConnectionsNoneIsKept) {
  cluster().connections.idle = 0;
  Party& client = connect();
  client.sends(kGet);
  H2Origin& origin = accept_h2();
  origin.answers(1);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_FALSE(origin.party().is_connected());
}

// --- translation ---

TEST_F(Http2Endpoint, ContentTrailersAndLengthsGoBothWays) {
  Party& client = connect();
  client.sends(
      "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n"
      "Connection: TE\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n");
  H2Origin& origin = accept_h2();
  EXPECT_EQ(origin.request(1).body, "abc");
  EXPECT_TRUE(origin.request(1).ended);
  const h2::Frame head = origin.seen().frames(h2::kHeaders).at(0);
  EXPECT_FALSE(head.ends_stream());
  EXPECT_EQ(origin.request(1).trailer("x-sum"), "9");
  origin.sends(h2::headers(1, {{":status", "200"}}, false) + h2::data(1, "def") +
               h2::headers(1, {{"x-check", "7"}}, true));
  const HttpText answer = client.receives();
  EXPECT_TRUE(answer.chunked);
  EXPECT_EQ(answer.body, "def");
  ASSERT_EQ(answer.trailers.size(), 1U);
  EXPECT_EQ(answer.trailers[0].second, "7");
}

TEST_F(Http2Endpoint, AnswersWithoutContentHaveNone) {
  Party& client = connect();
  const std::pair<const char*, const char*> cases[] = {
      {"HEAD", "200"}, {"GET", "204"}, {"GET", "304"}};
  H2Origin* origin = nullptr;
  std::int32_t stream = 1;
  for (const auto& [method, status] : cases) {
    client.sends(std::string(method) + " / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    if (origin == nullptr) origin = &accept_h2();
    h2::Fields fields = {{":status", status}};
    if (std::string_view(method) == "HEAD") fields.emplace_back("content-length", "12");
    origin->sends(h2::headers(stream, fields, true));
    stream += 2;
    const HttpText answer = client.receives_bodiless();
    EXPECT_EQ(answer.status(), std::stoi(status));
    EXPECT_FALSE(answer.chunked);
    if (std::string_view(method) == "HEAD") {
      EXPECT_EQ(answer.field("content-length"), "12");
    }
  }
}

TEST_F(Http2Endpoint, AnAnswerThatEndsWithItsHeadIsEmptyToAClientOfHttp1) {
  Party& client = connect();
  client.sends(kGet);
  accept_h2().sends(h2::headers(1, {{":status", "200"}}, true));
  const HttpText answer = client.receives();
  EXPECT_TRUE(answer.chunked);
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(answer.body, "");
}

TEST_F(Http2Endpoint, ContinueIsAskedForAndGiven) {
  Party& client = connect();
  client.sends(
      "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  H2Origin& origin = accept_h2();
  EXPECT_EQ(origin.request(1).trailer("expect"), "100-continue");
  origin.sends(h2::headers(1, {{":status", "100"}}, false));
  EXPECT_EQ(client.receives().status(), 100);
  client.sends("abc");
  EXPECT_EQ(origin.request(1).body, "abc");
  origin.answers(1);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(Http2Endpoint, EarlyHintsPass) {
  Party& client = connect();
  client.sends(kGet);
  H2Origin& origin = accept_h2();
  origin.sends(h2::headers(1, {{":status", "103"}, {"link", "</a.css>"}}, false) +
               h2::headers(1, {{":status", "200"}, {"content-length", "2"}}, false) +
               h2::data(1, "ok", true));
  EXPECT_EQ(client.receives().field("link"), "</a.css>");
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(Http2Endpoint, AnUpgradeIsOverlooked) {
  Party& client = connect();
  client.sends(
      "GET /chat HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  H2Origin& origin = accept_h2();
  EXPECT_EQ(origin.request(1).trailer("upgrade"), "-");
  EXPECT_EQ(origin.request(1).trailer("connection"), "-");
  origin.answers(1, "no socket here");
  EXPECT_EQ(client.receives().body, "no socket here");
}

TEST_F(Http2Endpoint, EditsAndRewritesApply) {
  route().request_headers.set = {{"Host", "inner.test"}, {"X-Set", "1"}};
  Party& client = connect();
  client.sends("GET / HTTP/1.1\r\nHost: a.test\r\nX-Set: 0\r\n\r\n");
  H2Origin& origin = accept_h2();
  EXPECT_EQ(origin.request(1).trailer(":authority"), "inner.test");
  EXPECT_EQ(origin.request(1).trailer("x-set"), "1");
  origin.answers(1);
  client.receives();
}

// --- what comes in pieces, and too much ---

TEST_F(Http2Endpoint, AnUploadWaitsForTheEndpointsWindow) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n");
  H2Origin& origin = accept_h2();
  client.sends(std::string(1'000'000, 'x'), 64 * 1024);
  EXPECT_EQ(origin.request(1).body.size(), 65'535U);
  EXPECT_FALSE(client.is_read()) << "the client is held back";
  std::size_t opened = 0;
  while (!origin.request(1).ended) {
    origin.sends(h2::window_update(0, 100'000) + h2::window_update(1, 100'000));
    ASSERT_LT(opened += 100'000, 3'000'000U);
  }
  EXPECT_EQ(origin.request(1).body.size(), 1'000'000U);
  origin.answers(1);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(Http2Endpoint, ASlowClientShutsItsOwnWindowAlone) {
  Party& slow = connect({.window = 1000});
  slow.stops_reading();
  slow.sends(kGet);
  H2Origin& origin = accept_h2();
  origin.sends(h2::headers(1, {{":status", "200"}}, false));
  std::size_t sent = 0;
  // As much as the window allows, and no more.
  for (;;) {
    const std::size_t window = limits::kH2EndpointWindow + origin.seen().opened(1);
    if (sent + 16'000 > window) break;
    origin.sends(h2::data(1, std::string(16'000, 'x')));
    sent += 16'000;
    ASSERT_LT(sent, 10'000'000U) << "nobody holds the origin back";
  }
  EXPECT_LE(sent, limits::kHighWatermark + 2 * limits::kH2EndpointWindow);
  Party& quick = connect();
  quick.sends(kGet);
  origin.answers(3);
  EXPECT_EQ(quick.receives().body, "ok") << "others go on";
  slow.closes();
  EXPECT_EQ(origin.request(1).reset, 8U);
}

TEST_F(Http2Endpoint, AClientThatLeavesResetsItsStreamAlone) {
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  two.sends(kGet);
  H2Origin& origin = accept_h2();
  one.closes();
  EXPECT_EQ(origin.request(1).reset, 8U);
  EXPECT_TRUE(origin.party().is_connected());
  origin.answers(3);
  EXPECT_EQ(two.receives().body, "ok");
  EXPECT_EQ(in_flight(), 0U);
}

TEST_F(Http2Endpoint, AMalformedAnswerFailsItsRequestAlone) {
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  two.sends(kGet);
  H2Origin& origin = accept_h2();
  origin.sends(h2::headers(1, {{":status", "200"}, {"connection", "close"}}, true));
  EXPECT_EQ(one.receives().status(), 502);
  EXPECT_EQ(last_record().values.reason, Errc::bad_response);
  origin.answers(3);
  EXPECT_EQ(two.receives().body, "ok");
}

TEST_F(Http2Endpoint, AnAnswerShorterThanItsLengthLooksCutShort) {
  Party& client = connect();
  client.sends(kGet);
  H2Origin& origin = accept_h2();
  origin.sends(h2::headers(1, {{":status", "200"}, {"content-length", "5"}}, false) +
               h2::data(1, "abc", true));
  EXPECT_FALSE(client.receives().whole);
  EXPECT_FALSE(client.is_connected());
  EXPECT_EQ(last_record().values.reason, Errc::bad_response);
}

TEST_F(Http2Endpoint, TooManyInterimAnswersAreRefused) {
  Party& client = connect();
  client.sends(kGet);
  H2Origin& origin = accept_h2();
  for (int i = 0; i <= limits::kInterimResponses; ++i) {
    origin.sends(h2::headers(1, {{":status", "103"}}, false));
  }
  for (int i = 0; i < limits::kInterimResponses; ++i) EXPECT_EQ(client.receives().status(), 103);
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(origin.request(1).reset, 8U);
}

TEST_F(Http2Endpoint, AnHttp1ServerIsSaidNotToSpeakIt) {
  route().retry.attempts = 0;
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 502);
  EXPECT_EQ(answer.field("Proxy-Status"),
            "weir; error=http_protocol_error; details=\"the endpoint does not speak HTTP/2\"");
  EXPECT_EQ(last_record().values.reason, Errc::upstream_no_http2);
}

TEST_F(Http2Endpoint, OneThatSaysNothingIsGivenNoOthers) {
  route().timeouts.response_head = config::Millis(3000);
  Party& one = connect();
  one.sends(kGet);
  H2Origin& origin = accept_h2();
  advance(config::Millis(3100));
  EXPECT_EQ(one.receives().status(), 504);
  Party& two = connect();
  two.sends(kGet);
  EXPECT_EQ(connecting(), 1U);
  EXPECT_FALSE(origin.party().is_connected()) << "and it ends with its last request";
  accept_h2().answers(1);
  EXPECT_EQ(two.receives().body, "ok");
}

// --- mirrors ---

TEST_F(Http2Endpoint, CopiesGoToItToo) {
  cluster().protocol = config::UpstreamProtocol::http1;
  config::Cluster next = cluster();
  next.name = "next";
  next.protocol = config::UpstreamProtocol::http2;
  next.endpoints = {{.address = {.host = "10.0.1.1", .port = 80, .unix_path = {}}}};
  file.clusters.push_back(next);
  config::Mirror mirror;
  mirror.cluster = "next";
  mirror.share = {100, 100};
  mirror.methods = {"GET", "POST"};
  route().mirrors.push_back(mirror);
  Party& client = connect();
  client.sends(
      "POST /m HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 9\r\n\r\n");
  accept_at("10.0.0.1:80").sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  H2Origin& origin = accept_h2();
  EXPECT_EQ(origin.path(1), "-") << "its trailers are the last fields";
  EXPECT_EQ(origin.request(1).body, "abcde");
  EXPECT_EQ(origin.request(1).trailer("x-sum"), "9");
  EXPECT_TRUE(origin.request(1).ended);
  origin.answers(1);
  EXPECT_EQ(copies_ended(), std::vector<std::string>{"2xx"});
}

}  // namespace
}  // namespace weir::proxy
