// How connections to HTTP/2 endpoints end, and what becomes of the requests on them: what is sent
// again, and what never is; reloads and endpoints that leave.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "h2_origin_scenario.h"

namespace weir::proxy {
namespace {

namespace h2 = test::h2;
using test::H2Origin;
using test::kGet;
using test::Party;

constexpr std::string_view kSmallPost =
    "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello";

class Http2EndpointEnd : public test::H2OriginTest {
 protected:
  // A client whose first request is answered: the connection idles.
  Party& warm(H2Origin*& origin) {
    Party& client = connect();
    client.sends(kGet);
    origin = &accept_h2();
    origin->answers(1);
    client.receives();
    return client;
  }
};

TEST_F(Http2EndpointEnd, WhatAGoawayLeavesOutIsSentAgainWhateverItsMethod) {
  route().retry.attempts = 0;
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  two.sends(kSmallPost);
  H2Origin& origin = accept_h2();
  EXPECT_EQ(origin.request(3).body, "hello");
  origin.goes_away(1);
  H2Origin& fresh = accept_h2();
  EXPECT_EQ(fresh.request(1).body, "hello");
  EXPECT_TRUE(fresh.request(1).ended);
  fresh.answers(1, "two");
  EXPECT_EQ(two.receives().body, "two");
  EXPECT_EQ(last_record().values.attempts, 1);
  origin.answers(1, "one");
  EXPECT_EQ(one.receives().body, "one");
  EXPECT_FALSE(origin.party().is_connected()) << "it has served its last";
}

TEST_F(Http2EndpointEnd, ARefusedRequestIsSentAgain) {
  route().retry.attempts = 0;
  Party& client = connect();
  client.sends(kSmallPost);
  H2Origin& origin = accept_h2();
  origin.sends(h2::rst(1, 7));
  EXPECT_EQ(origin.request(3).body, "hello");
  origin.answers(3);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(endpoint().conduct().failures(), 0U);
}

TEST_F(Http2EndpointEnd, OneThatIsRefusedAgainAndAgainIsAnsweredAndBlamesNobody) {
  Party& client = connect();
  client.sends(kSmallPost);
  H2Origin& origin = accept_h2();
  origin.sends(h2::rst(1, 7));
  origin.sends(h2::rst(3, 7));
  EXPECT_EQ(client.receives().status(), 503);
  EXPECT_EQ(last_record().values.reason, Errc::upstream_refused);
  EXPECT_EQ(endpoint().conduct().failures(), 0U);
  EXPECT_TRUE(origin.party().is_connected());
}

TEST_F(Http2EndpointEnd, ContentThatIsTooLargeToBeKeptIsNotSentAgain) {
  Party& client = connect();
  const std::size_t bytes = limits::kEarlyBodyBytes + 1;
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + std::to_string(bytes) +
               "\r\n\r\n");
  H2Origin& origin = accept_h2();
  client.sends(std::string(bytes, 'x'));
  origin.sends(h2::rst(1, 7));
  EXPECT_EQ(client.receives().status(), 503);
  EXPECT_EQ(origin.requests(), 1U);
}

TEST_F(Http2EndpointEnd, ContentThatCameInPiecesIsSentAgainWhole) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nabc");
  H2Origin& origin = accept_h2();
  client.sends("def");
  EXPECT_EQ(origin.request(1).body, "abcdef");
  origin.sends(h2::rst(1, 7));
  EXPECT_EQ(origin.request(3).body, "abcdef");
  client.sends("ghi");
  EXPECT_EQ(origin.request(3).body, "abcdefghi");
  EXPECT_TRUE(origin.request(3).ended);
  origin.answers(3);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(Http2EndpointEnd, APostThatMayHaveBeenLookedAtIsNotSentAgain) {
  H2Origin* origin = nullptr;
  Party& client = warm(origin);
  client.sends(kSmallPost);
  origin->party().closes();
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(last_record().values.reason, Errc::upstream_reset);
  EXPECT_EQ(connecting(), 0U);
}

TEST_F(Http2EndpointEnd, AGetOnADyingConnectionIsReplaced) {
  route().retry.attempts = 0;
  H2Origin* origin = nullptr;
  Party& client = warm(origin);
  client.sends(kGet);
  origin->party().resets();
  H2Origin& fresh = accept_h2();
  fresh.answers(1, "again");
  EXPECT_EQ(client.receives().body, "again");
  EXPECT_EQ(last_record().values.attempts, 1);
}

TEST_F(Http2EndpointEnd, AllRequestsOfADeadConnectionGoOnTogether) {
  H2Origin* origin = nullptr;
  Party& first = warm(origin);
  std::vector<Party*> clients = {&first, &connect(), &connect()};
  for (Party* client : clients) client->sends(kGet);
  EXPECT_EQ(origin->requests(), 4U);
  origin->party().resets();
  EXPECT_EQ(connecting(), 1U);
  H2Origin& fresh = accept_h2();
  EXPECT_EQ(fresh.requests(), 3U);
  for (std::int32_t i = 0; i < 3; ++i) fresh.answers(1 + 2 * i);
  for (Party* client : clients) EXPECT_EQ(client->receives().body, "ok");
}

TEST_F(Http2EndpointEnd, AnAnswerThatBreaksOffLooksCutShort) {
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  two.sends(kGet);
  H2Origin& origin = accept_h2();
  origin.sends(h2::headers(1, {{":status", "200"}}, false) + h2::data(1, "abc"));
  origin.sends(h2::rst(1, 2));
  EXPECT_FALSE(one.receives().whole);
  EXPECT_EQ(last_record().values.reason, Errc::upstream_truncated);
  origin.sends(h2::headers(3, {{":status", "200"}}, false) + h2::data(3, "abc"));
  origin.party().closes();
  EXPECT_FALSE(two.receives().whole);
  EXPECT_EQ(last_record().values.reason, Errc::upstream_truncated);
}

TEST_F(Http2EndpointEnd, ARuleBrokenEndsTheConnectionAndAllOnIt) {
  route().retry.attempts = 0;
  Party& one = connect();
  one.sends(kGet);
  H2Origin& origin = accept_h2();
  origin.sends(h2::frame(h2::kPushPromise, h2::kEndHeaders, 1,
                         h2::number(2) + h2::block(h2::request_fields())));
  EXPECT_EQ(one.receives().status(), 502);
  EXPECT_EQ(last_record().values.reason, Errc::bad_response);
  EXPECT_EQ(origin.seen().goaway_code(), 1U);
  EXPECT_FALSE(origin.party().is_connected());
}

TEST_F(Http2EndpointEnd, AnIdleConnectionThatEndsIsForgotten) {
  H2Origin* origin = nullptr;
  Party& client = warm(origin);
  origin->goes_away(1);
  EXPECT_EQ(open_upstreams(), 0U);
  client.sends(kGet);
  accept_h2().answers(1);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(Http2EndpointEnd, AReloadKeepsConnections) {
  H2Origin* origin = nullptr;
  Party& client = warm(origin);
  reload();
  client.sends(kGet);
  EXPECT_EQ(connecting(), 0U);
  origin->answers(3);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(Http2EndpointEnd, AnotherProtocolLetsRequestsFinishAndIsSpokenByTheNext) {
  H2Origin* origin = nullptr;
  Party& client = warm(origin);
  client.sends(kGet);
  cluster().protocol = config::UpstreamProtocol::http1;
  reload();
  origin->answers(3, "two");
  EXPECT_EQ(client.receives().body, "two");
  EXPECT_FALSE(origin->party().is_connected());
  client.sends(kGet);
  Party& other = accept();
  EXPECT_EQ(other.receives().start, "GET / HTTP/1.1");
  other.sends(test::kOk);
  EXPECT_EQ(client.receives().body, "ok");
  cluster().protocol = config::UpstreamProtocol::http2;
  reload();
  EXPECT_FALSE(other.is_connected());
  client.sends(kGet);
  accept_h2().answers(1);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(Http2EndpointEnd, AnEndpointThatLeavesFinishesItsRequests) {
  H2Origin* origin = nullptr;
  Party& client = warm(origin);
  client.sends(kGet);
  cluster().endpoints[0].address.host = "10.0.0.9";
  reload();
  EXPECT_TRUE(origin->party().is_connected());
  origin->answers(3, "last");
  EXPECT_EQ(client.receives().body, "last");
  EXPECT_FALSE(origin->party().is_connected());
}

TEST_F(Http2EndpointEnd, ADrainingEndpointsConnectionEndsWithItsLastRequest) {
  H2Origin* origin = nullptr;
  Party& client = warm(origin);
  client.sends(kGet);
  endpoint().set_state(EndpointState::draining);
  origin->answers(3, "last");
  EXPECT_EQ(client.receives().body, "last");
  EXPECT_FALSE(origin->party().is_connected());
  endpoint().set_state(EndpointState::active);
}

// The client's next request is there already, and goes out with the reset of the first.
TEST_F(Http2EndpointEnd, AnEarlyAnswerEndsItsStreamWhileTheNextRequestBegins) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\n");
  H2Origin& origin = accept_h2();
  client.sends(std::string(100'000, 'x') + std::string(kGet), 64 * 1024);
  EXPECT_FALSE(origin.request(1).ended) << "its window is too small for that";
  origin.answers(1, "early");
  EXPECT_EQ(client.receives().body, "early");
  EXPECT_EQ(origin.request(1).reset, 8U);
  EXPECT_EQ(origin.path(3), "/");
  origin.answers(3, "next");
  EXPECT_EQ(client.receives().body, "next");
  EXPECT_EQ(open_upstreams(), 1U);
}

// No race with an idle connection's end: that goes on.
TEST_F(Http2EndpointEnd, AStreamThatIsResetIsTheEndpointsFailure) {
  route().retry.attempts = 0;
  H2Origin* origin = nullptr;
  Party& client = warm(origin);
  client.sends(kSmallPost);
  origin->sends(h2::rst(3, 2));
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(endpoint().conduct().failures(), 1U);
  client.sends(kGet);
  origin->sends(h2::rst(5, 2));
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(origin->requests(), 3U) << "and nothing is sent again for it, but for retries";
  EXPECT_EQ(endpoint().conduct().failures(), 2U);
}

}  // namespace
}  // namespace weir::proxy
