// Tunnels over HTTP/1.1 (RFC 9110 section 7.8): which requests get one, and that bytes go through
// as they are, wherever they are cut. How one ends is in tunnel_end_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tunnel_scenario.h"

namespace weir::proxy {
namespace {

using namespace std::chrono_literals;
using test::HttpText;
using test::kGet;
using test::kOk;
using test::kWebsocketAccept;
using test::kWebsocketKey;
using test::Party;
using test::switching_to;
using test::upgrade_to;

class Tunnels : public test::TunnelTest {};

TEST_F(Tunnels, UpgradeIsForwardedAndItsAnswerOpensOne) {
  Party& client = connect();
  client.sends(upgrade_to("websocket", kWebsocketKey));
  Party& origin = accept();
  const HttpText request = origin.receives();
  EXPECT_EQ(request.field("Upgrade"), "websocket");
  EXPECT_EQ(request.field("Connection"), "upgrade");
  origin.sends(switching_to("websocket", kWebsocketAccept));
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.start, "HTTP/1.1 101 Switching Protocols");
  EXPECT_EQ(answer.field("Upgrade"), "websocket");
  EXPECT_EQ(answer.field("Connection"), "upgrade");
  EXPECT_EQ(answer.field("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(tunnels_begun(), 1U);
  EXPECT_TRUE(records().empty()) << "it is logged when it ends";
  EXPECT_EQ(in_flight(), 1U);
  client.sends("ping");
  EXPECT_EQ(origin.receives_bytes(), "ping");
  origin.sends("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.receives_bytes(), "GET / HTTP/1.1\r\n\r\n") << "bytes mean nothing any more";
  client.finishes();
  origin.finishes();
  expect_ended(Errc::none);
  EXPECT_EQ(last_record().values.bytes_in, 4U);
  EXPECT_EQ(last_record().values.attempts, 1);
}

// Wherever the bytes are cut, on either side, what goes through is the same.
TEST_F(Tunnels, CutsChangeNothing) {
  const std::string head = upgrade_to("websocket");
  const std::string request = head + "early";
  const std::string answer = switching_to("websocket") + "first";
  for (std::size_t cut = 1; cut < std::max(request.size(), answer.size()); ++cut) {
    Party& client = connect();
    client.sends(request.substr(0, cut));
    if (cut < request.size()) client.sends(request.substr(cut));
    Party& origin = accept();
    EXPECT_TRUE(origin.receives().start.starts_with("GET /chat"));
    EXPECT_EQ(origin.receives_bytes(), "") << "nothing of the tunnel before it is granted: " << cut;
    origin.sends(answer.substr(0, cut));
    if (cut < answer.size()) origin.sends(answer.substr(cut));
    EXPECT_EQ(client.receives().status(), 101) << cut;
    EXPECT_EQ(client.receives_bytes(), "first") << cut;
    EXPECT_EQ(origin.receives_bytes(), "early") << cut;
    client.sends("late");
    EXPECT_EQ(origin.receives_bytes(), "late") << cut;
    client.finishes();
    origin.finishes();
    EXPECT_EQ(last_record().values.bytes_in, 9U) << cut;
  }
}

TEST_F(Tunnels, EveryByteAlone) {
  Party& client = connect();
  client.sends(upgrade_to("websocket") + "early", 1);
  Party& origin = accept();
  origin.receives();
  origin.sends(switching_to("websocket") + "first", 1);
  EXPECT_EQ(client.receives().status(), 101);
  EXPECT_EQ(client.receives_bytes(), "first");
  EXPECT_EQ(origin.receives_bytes(), "early");
}

TEST_F(Tunnels, MuchThatCameEarlyIsKeptInOrder) {
  std::string early;
  for (int i = 0; early.size() < limits::kReceiveBuffer + 5000; ++i) early += std::to_string(i);
  Party& client = connect();
  client.sends(upgrade_to("websocket") + early, 10'000);
  Party& origin = accept();
  origin.receives();
  origin.sends(switching_to("websocket"));
  EXPECT_EQ(origin.receives_bytes(), early);
  EXPECT_TRUE(client.is_read());
}

// --- who gets one ---

TEST_F(Tunnels, AnotherAnswerIsAnOrdinaryResponse) {
  Party& client = connect();
  client.sends(upgrade_to("websocket"));
  Party& origin = accept();
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_FALSE(origin.is_connected()) << "something but HTTP was asked for";
  client.sends(kGet);
  accept().sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(tunnels_begun(), 0U);
}

// What a client says before it is granted a tunnel is HTTP when none is granted.
TEST_F(Tunnels, ARequestBehindARefusedUpgradeIsARequest) {
  Party& client = connect();
  client.sends(upgrade_to("websocket") + std::string(kGet));
  Party& first = accept();
  first.sends("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 426);
  Party& second = accept();
  EXPECT_EQ(second.receives().start, "GET / HTTP/1.1");
  second.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(records().size(), 2U);
}

TEST_F(Tunnels, WhatTheRouteDoesNotPassWasNotAsked) {
  Party& client = connect();
  client.sends(upgrade_to("irc/6.9"));
  Party& origin = accept();
  const HttpText request = origin.receives();
  EXPECT_FALSE(request.has("Upgrade"));
  EXPECT_FALSE(request.has("Connection"));
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_TRUE(origin.is_connected()) << "an ordinary exchange, pooled as one";
  client.sends(upgrade_to("irc/6.9"));
  origin.sends(switching_to("irc/6.9") + "raw");
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(client.receives_bytes(), "");
  EXPECT_EQ(last_record().values.reason, Errc::unasked_upgrade);
}

TEST_F(Tunnels, OffPassesNone) {
  route().upgrade.protocols.clear();
  Party& client = connect();
  client.sends(upgrade_to("websocket"));
  Party& origin = accept();
  EXPECT_FALSE(origin.receives().has("Upgrade"));
  origin.sends(kOk);
}

TEST_F(Tunnels, AnyPassesAllButHttp2) {
  route().upgrade = {.any = true, .protocols = {}};
  Party& client = connect();
  client.sends(upgrade_to("foo/2, bar"));
  Party& origin = accept();
  EXPECT_EQ(origin.receives().field("Upgrade"), "foo/2, bar");
  origin.sends(switching_to("bar"));
  EXPECT_EQ(client.receives().status(), 101);
  Party& other = connect();
  other.sends(upgrade_to("h2c, foo"));
  Party& second = accept();
  EXPECT_FALSE(second.receives().has("Upgrade"));
  second.sends(kOk);
}

TEST_F(Tunnels, OfAListTheFirstThatPassesIsAskedFor) {
  EXPECT_EQ(answer_to(upgrade_to("foo, WebSocket, bar"), switching_to("foo") + "raw").status(),
            502);
  EXPECT_EQ(last_record().values.reason, Errc::bad_upgrade_answer);
  Party& client = connect();
  client.sends(upgrade_to("foo, WebSocket, bar"));
  Party& origin = accept();
  EXPECT_EQ(origin.receives().field("Upgrade"), "WebSocket");
  origin.sends(switching_to("websocket"));
  EXPECT_EQ(client.receives().status(), 101);
}

TEST_F(Tunnels, AnAnswerMustFitTheRequest) {
  const std::string asked = upgrade_to("websocket", kWebsocketKey);
  const std::string right(kWebsocketAccept);
  const struct {
    std::string answer;
    std::string_view why;
  } bad[] = {
      {switching_to("other", right), "names another protocol"},
      {switching_to("websocket, other", right), "names more than was asked"},
      {switching_to("h2c", right), "HTTP/2"},
      {"HTTP/1.1 101 S\r\nConnection: upgrade\r\n" + right + "\r\n", "names none"},
      {"HTTP/1.1 101 S\r\nUpgrade: websocket\r\n" + right + "\r\n", "Upgrade is not for this hop"},
      {"HTTP/1.0 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\n" + right + "\r\n",
       "HTTP/1.0 cannot switch"},
      {switching_to("websocket"), "an echoed 101 knows no key"},
      {switching_to("websocket", "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"),
       "does not know this key"},
      {switching_to("websocket", right + right), "knows it twice"},
  };
  for (const auto& [answer, why] : bad) {
    EXPECT_EQ(answer_to(asked, answer + "raw").status(), 502) << why;
    EXPECT_EQ(last_record().values.reason, Errc::bad_upgrade_answer) << why;
  }
  EXPECT_EQ(tunnels_begun(), 0U);
}

TEST_F(Tunnels, OldClientsGetNone) {
  Party& client = connect();
  client.sends("GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  Party& origin = accept();
  EXPECT_FALSE(origin.receives().has("Upgrade"));
  origin.sends(switching_to("websocket"));
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(last_record().values.reason, Errc::unasked_upgrade);
}

TEST_F(Tunnels, ConnectIsStillRefused) {
  Party& client = connect();
  client.sends("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 405);
}

// --- attempts ---

TEST_F(Tunnels, AnUpgradeNeverMeetsAConnectionThatIdled) {
  Party& client = connect();
  client.sends(kGet);
  Party& kept = accept();
  kept.sends(kOk);
  client.receives();
  client.sends(upgrade_to("websocket"));
  Party& fresh = accept();
  EXPECT_TRUE(fresh.receives().start.starts_with("GET /chat"));
  EXPECT_TRUE(kept.is_connected()) << "it is there for the next request";
}

TEST_F(Tunnels, AnUpgradeTakesTheSlotOfAConnectionThatIdles) {
  cluster().connections.max = 1;
  Party& client = connect();
  client.sends(kGet);
  Party& kept = accept();
  kept.sends(kOk);
  client.receives();
  client.sends(upgrade_to("websocket"));
  Party& fresh = accept();
  EXPECT_FALSE(kept.is_connected());
  fresh.sends(switching_to("websocket"));
  EXPECT_EQ(client.receives().status(), 101);
  Party& other = connect();
  other.sends(kGet);
  EXPECT_EQ(connecting(), 0U) << "the tunnel holds the cluster's one connection";
  EXPECT_EQ(live_cluster().waiting(), 1U);
  client.resets();
  accept().sends(kOk);
  EXPECT_EQ(other.receives().body, "ok");
}

TEST_F(Tunnels, AnUpgradeWhoseBytesWereSentIsNotSentAgain) {
  set_endpoints(2);
  route().retry.attempts = 3;
  route().retry.on.statuses = {503};
  Party& client = connect();
  client.sends(upgrade_to("websocket"));
  accept().closes();
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_EQ(connecting(), 0U);
  Party& other = connect();
  other.sends(upgrade_to("websocket"));
  accept().sends("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(other.receives().status(), 503);
  EXPECT_EQ(connecting(), 0U);
}

TEST_F(Tunnels, AnUpgradeThatNobodySawMayGoElsewhere) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(upgrade_to("websocket"));
  refuse();
  accept().sends(switching_to("websocket"));
  EXPECT_EQ(client.receives().status(), 101);
}

}  // namespace
}  // namespace weir::proxy
