// Tunnels over HTTP/2 (RFC 8441): what an extended CONNECT becomes, which get a tunnel, which an
// answer and which neither. How one ends is in h2_tunnel_end_test.cc.
#include <gtest/gtest.h>

#include <string>

#include "h2_tunnel_scenario.h"

namespace weir::proxy {
namespace {

using namespace std::chrono_literals;
using test::connect_fields;
using test::connect_to;
using test::H2Client;
using test::HttpText;
using test::kOk;
using test::Party;
using test::switching_to;
using test::websocket_answer_to;
namespace h2 = test::h2;
using h2::Fields;

constexpr std::uint16_t kEnableConnectProtocol = 8;

class H2Tunnels : public test::H2TunnelTest {
 protected:
  std::uint32_t announced() {
    return connect_h2().seen().server_settings()[kEnableConnectProtocol];
  }
  // The status that comes where the origin answers so.
  int status_for(std::string_view protocol, const std::string& answer) {
    H2Client& client = connect_h2();
    client.sends(connect_to(1, protocol));
    accept().sends(answer);
    EXPECT_TRUE(client.answer(1).ended) << "no tunnel: it ends with its answer";
    expect_served(client, 3);
    return client.answer(1).status;
  }
  void expect_denied(std::string_view protocol) {
    H2Client& client = connect_h2();
    client.sends(connect_to(1, protocol));
    EXPECT_EQ(client.answer(1).status, 501) << protocol;
    EXPECT_EQ(connecting(), 0U) << protocol;
    EXPECT_EQ(last_record().values.reason, Errc::upgrade_denied) << protocol;
  }
  void expect_malformed(const Fields& fields, std::string_view why, bool end = false) {
    H2Client& client = connect_h2();
    client.sends(h2::headers(1, fields, end));
    EXPECT_EQ(client.answer(1).reset, kProtocolError) << why;
    EXPECT_EQ(client.answer(1).status, 0) << why;
    EXPECT_EQ(connecting(), 0U) << why;
    expect_served(client, 3);
  }
  static Fields without(std::string_view name) {
    Fields fields = connect_fields("websocket");
    std::erase_if(fields, [&](const auto& field) { return field.first == name; });
    return fields;
  }
};

TEST_F(H2Tunnels, AreDeniedWhereTheEndpointsSpeakHttp2) {
  cluster().protocol = config::UpstreamProtocol::http2;
  expect_denied("websocket");
}

TEST_F(H2Tunnels, AreHandshakesOfHttp1ToTheOrigin) {
  H2Client& client = connect_h2();
  client.sends(connect_to(1, "websocket",
                          {{"sec-websocket-version", "13"},
                           {"sec-websocket-protocol", "chat, super"},
                           {"sec-websocket-extensions", "permessage-deflate"},
                           {"origin", "https://a.test"},
                           {"cookie", "a=1"},
                           {"cookie", "b=2"}}));
  Party& origin = accept();
  const HttpText request = origin.receives();
  EXPECT_EQ(request.start, "GET /chat HTTP/1.1");
  EXPECT_EQ(request.field("Host"), "a.test");
  EXPECT_EQ(request.field("Upgrade"), "websocket");
  EXPECT_EQ(request.field("Connection"), "upgrade");
  EXPECT_EQ(request.field("Sec-WebSocket-Key").size(), 24U);
  EXPECT_EQ(request.field("Sec-WebSocket-Version"), "13");
  EXPECT_EQ(request.field("Sec-WebSocket-Protocol"), "chat, super");
  EXPECT_EQ(request.field("Sec-WebSocket-Extensions"), "permessage-deflate");
  EXPECT_EQ(request.field("Origin"), "https://a.test");
  EXPECT_EQ(request.field("Cookie"), "a=1; b=2");
  EXPECT_FALSE(request.has("Content-Length"));
  EXPECT_FALSE(request.has("Transfer-Encoding"));
  origin.sends(websocket_answer_to(request, "Sec-WebSocket-Protocol: chat\r\nX-Own: 1\r\n"));
  const h2::Answer& answer = client.answer(1);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("sec-websocket-protocol"), "chat");
  EXPECT_EQ(answer.field("x-own"), "1");
  for (const char* gone : {"connection", "upgrade", "sec-websocket-accept", "content-length"}) {
    EXPECT_EQ(answer.field(gone), "-") << gone;
  }
  EXPECT_FALSE(answer.ended);
  EXPECT_EQ(tunnels_begun(), 1U);
  EXPECT_TRUE(records().empty()) << "it is logged when it ends";
}

TEST_F(H2Tunnels, CarryBytesBothWaysAndEndInGoodOrder) {
  auto [client, origin] = open();
  client.sends(h2::data(1, "ping"));
  EXPECT_EQ(origin.receives_bytes(), "ping");
  origin.sends("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(client.answer(1).body, "HTTP/1.1 200 OK\r\n\r\n") << "bytes mean nothing any more";
  client.sends(h2::data(1, "bye", true));
  EXPECT_EQ(origin.receives_bytes(), "bye");
  EXPECT_TRUE(origin.was_told_end());
  EXPECT_FALSE(client.answer(1).ended);
  origin.finishes();
  EXPECT_TRUE(client.answer(1).ended);
  EXPECT_EQ(client.answer(1).reset, std::nullopt);
  expect_ended(Errc::none);
  const auto& record = last_record();
  EXPECT_EQ(record.method, "GET");
  EXPECT_EQ(record.protocol, "HTTP/2.0");
  EXPECT_EQ(record.values.bytes_in, 7U);
  EXPECT_EQ(record.values.attempts, 1);
  expect_served(client, 3);
}

TEST_F(H2Tunnels, KeysAreWeirsAndEachIsAnother) {
  H2Client& client = connect_h2();
  const Fields own = {{"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  client.sends(connect_to(1, "websocket", own) + connect_to(3, "websocket", own));
  const std::string first = accept().receives().field("Sec-WebSocket-Key");
  const std::string second = accept().receives().field("Sec-WebSocket-Key");
  EXPECT_EQ(first.size(), 24U);
  EXPECT_EQ(second.size(), 24U);
  EXPECT_NE(first, second);
  EXPECT_NE(first, own[0].second);
}

TEST_F(H2Tunnels, ManyOnOneConnectionKeepApart) {
  H2Client& client = connect_h2();
  std::vector<Party*> origins;
  for (std::int32_t stream = 1; stream < 200; stream += 2) {
    client.sends(connect_to(stream, "websocket"));
    origins.push_back(&accept());
    origins.back()->sends(websocket_answer_to(origins.back()->receives()));
  }
  std::string said;
  for (std::int32_t stream = 1; stream < 200; stream += 2) {
    said += h2::data(stream, std::to_string(stream));
  }
  client.sends(said);
  for (std::size_t i = 0; i < origins.size(); ++i) {
    const std::string heard = origins[i]->receives_bytes();
    EXPECT_EQ(heard, std::to_string(2 * i + 1));
    origins[i]->sends("re " + heard);
  }
  for (std::int32_t stream = 1; stream < 200; stream += 2) {
    EXPECT_EQ(client.answer(stream).body, "re " + std::to_string(stream));
  }
  EXPECT_EQ(in_flight(), 100U);
}

// Wherever the bytes are cut, what goes through is the same.
TEST_F(H2Tunnels, CutsChangeNothing) {
  const std::string asked = connect_to(1, "websocket") + h2::data(1, "early");
  for (std::size_t cut = 1; cut < asked.size(); ++cut) {
    H2Client& client = connect_h2();
    client.sends(asked.substr(0, cut));
    client.sends(asked.substr(cut));
    Party& origin = accept();
    const HttpText request = origin.receives();
    EXPECT_EQ(origin.receives_bytes(), "") << "nothing of the tunnel before it is granted: " << cut;
    const std::string answer = websocket_answer_to(request) + "first";
    const std::size_t its_cut = 1 + cut % (answer.size() - 1);
    origin.sends(answer.substr(0, its_cut));
    origin.sends(answer.substr(its_cut));
    EXPECT_EQ(client.answer(1).status, 200) << cut;
    EXPECT_EQ(client.answer(1).body, "first") << cut;
    EXPECT_EQ(origin.receives_bytes(), "early") << cut;
    client.party().closes();
  }
}

// --- before the answer ---

TEST_F(H2Tunnels, AWindowOfEarlyBytesWaitsForTheAnswer) {
  const std::string early(limits::kH2Window, 'e');
  H2Client& client = connect_h2();
  client.sends(connect_to(1, "websocket"));
  for (std::size_t at = 0; at < early.size(); at += 16384) {
    client.sends(h2::data(1, std::string_view(early).substr(at, 16384)));
  }
  Party& origin = accept();
  const HttpText request = origin.receives();
  EXPECT_EQ(origin.receives_bytes(), "");
  EXPECT_EQ(client.seen().opened(1), 0U) << "no more than a window is held";
  origin.sends(websocket_answer_to(request));
  EXPECT_EQ(origin.receives_bytes(), early);
  EXPECT_GE(client.seen().opened(1), early.size() / 2);
  client.sends(h2::data(1, "more"));
  EXPECT_EQ(origin.receives_bytes(), "more");
}

TEST_F(H2Tunnels, MoreThanTheWindowBeforeTheAnswerIsAnErrorOfTheStream) {
  H2Client& client = connect_h2();
  client.sends(connect_to(1, "websocket"));
  Party& origin = accept();
  for (int i = 0; i < 5; ++i) client.sends(h2::data(1, std::string(16384, 'e')));
  EXPECT_EQ(client.answer(1).reset, kFlowControlError);
  EXPECT_FALSE(origin.is_connected());
  EXPECT_EQ(last_record().values.reason, Errc::malformed_request);
  expect_served(client, 3);
}

TEST_F(H2Tunnels, AnEarlyEndIsPassedOnBehindEarlyBytes) {
  H2Client& client = connect_h2();
  client.sends(connect_to(1, "websocket") + h2::data(1, "all of it", true));
  Party& origin = accept();
  const HttpText request = origin.receives();
  EXPECT_FALSE(origin.was_told_end());
  origin.sends(websocket_answer_to(request) + "answer");
  EXPECT_EQ(origin.receives_bytes(), "all of it");
  EXPECT_TRUE(origin.was_told_end());
  EXPECT_EQ(client.answer(1).body, "answer");
  origin.finishes();
  EXPECT_TRUE(client.answer(1).ended);
  expect_ended(Errc::none);
}

TEST_F(H2Tunnels, AHeadThatEndsTheStreamAsksForATunnelOneWay) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, connect_fields("websocket"), true));
  Party& origin = accept();
  origin.sends(websocket_answer_to(origin.receives()) + "news");
  EXPECT_TRUE(origin.was_told_end());
  EXPECT_EQ(client.answer(1).body, "news");
}

TEST_F(H2Tunnels, EarlyBytesOfARefusedOneReachNobody) {
  H2Client& client = connect_h2();
  client.sends(connect_to(1, "websocket") + h2::data(1, "GET / HTTP/1.1\r\nHost: evil\r\n\r\n"));
  Party& origin = accept();
  origin.sends("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_EQ(client.answer(1).status, 403);
  EXPECT_EQ(client.answer(1).body, "no");
  EXPECT_EQ(client.answer(1).reset, 0U) << "nobody wants the rest (RFC 9113 section 8.1)";
  EXPECT_FALSE(origin.is_connected()) << "something but HTTP was asked for";
  expect_served(client, 3);
}

// --- who gets one ---

TEST_F(H2Tunnels, AreAnnouncedWhereARouteMayOpenOne) {
  EXPECT_EQ(announced(), 1U);
  route().upgrade.protocols.clear();
  reload();
  EXPECT_EQ(announced(), 0U) << "upgrade: off";
  route().upgrade.any = true;
  reload();
  EXPECT_EQ(announced(), 1U);
  route().match.listeners = {"another"};
  reload();
  EXPECT_EQ(announced(), 0U) << "the route is for another listener";
  route().match.listeners = {"web"};
  listener().http2.tunnels = false;
  reload();
  EXPECT_EQ(announced(), 0U) << "http2.tunnels: false";
}

TEST_F(H2Tunnels, WhatWasNotAnnouncedIsMalformed) {
  listener().http2.tunnels = false;
  expect_malformed(connect_fields("websocket"), "not announced");
}

TEST_F(H2Tunnels, MalformedOnesResetTheirStream) {
  for (const char* name : {":scheme", ":path", ":authority"}) expect_malformed(without(name), name);
  Fields host = without(":authority");
  host.push_back({"host", "a.test"});
  expect_malformed(host, "Host is not :authority here");
  for (const char* protocol : {"", "web socket", "websocket, irc", "irc/", "/6.9", "a/b/c"}) {
    expect_malformed(connect_fields(protocol), protocol);
  }
  Fields get = connect_fields("websocket");
  get[0].second = "GET";
  expect_malformed(get, "GET has no protocol", true);
  Fields twice = connect_fields("websocket");
  twice.insert(twice.begin() + 1, {":protocol", "websocket"});
  expect_malformed(twice, "two protocols");
  for (const char* length : {"0", "5"}) {
    expect_malformed(connect_fields("websocket", {{"content-length", length}}),
                     "a tunnel has none");
  }
  expect_malformed(connect_fields("websocket", {{"upgrade", "websocket"}}), "upgrade");
  expect_malformed(connect_fields("websocket", {{"connection", "upgrade"}}), "connection");
}

TEST_F(H2Tunnels, WhatIsTooLargeIsAnsweredAsAnywhere) {
  H2Client& client = connect_h2();
  Fields fields = connect_fields("websocket");
  fields.back().second = "/" + std::string(limits::kTargetBytes, 'a');
  client.sends(h2::headers(1, fields, false));
  EXPECT_EQ(client.answer(1).status, 414);
  client.sends(connect_to(3, std::string(limits::kHeadBytes, 'p')));
  EXPECT_EQ(client.answer(3).status, 431);
  EXPECT_EQ(connecting(), 0U);
}

TEST_F(H2Tunnels, PlainConnectIsRefusedAsEver) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, {{":method", "CONNECT"}, {":authority", "a.test:443"}}, false));
  EXPECT_EQ(client.answer(1).status, 405);
}

// An ordinary answer would be taken for a tunnel.
TEST_F(H2Tunnels, WhatTheRouteDoesNotPassIsRefused) {
  expect_denied("irc/6.9");
  expect_denied("h2c");
  route().upgrade.any = true;
  reload();
  for (const char* protocol : {"h2c", "h2", "HTTP/2.0"}) expect_denied(protocol);
  route().upgrade = {.any = false, .protocols = {}};
  listener().http2.tunnels = true;
  config::Route other = route();  // announces, and is not for this path
  other.name = "other";
  other.match.path = "/other";
  other.upgrade.protocols = {"websocket"};
  file.routes.push_back(other);
  reload();
  expect_denied("websocket");
}

TEST_F(H2Tunnels, OtherProtocolsPassWhereTheRouteSaysSo) {
  route().upgrade.protocols = {"irc"};
  H2Client& client = connect_h2();
  client.sends(connect_to(1, "irc/6.9"));
  Party& origin = accept();
  const HttpText request = origin.receives();
  EXPECT_EQ(request.field("Upgrade"), "irc/6.9");
  EXPECT_FALSE(request.has("Sec-WebSocket-Key"));
  origin.sends(switching_to("irc/6.9") + "hello");
  EXPECT_EQ(client.answer(1).status, 200);
  EXPECT_EQ(client.answer(1).body, "hello");
}

TEST_F(H2Tunnels, NothingButATunnelIsASuccess) {
  EXPECT_EQ(status_for("websocket", std::string(kOk)), 502);
  EXPECT_EQ(records()[0].values.reason, Errc::upgrade_ignored);
  EXPECT_EQ(records()[0].values.upstream_status, 200);
  EXPECT_EQ(status_for("websocket", "HTTP/1.1 204 N\r\n\r\n"), 502);
  EXPECT_EQ(status_for("websocket", "HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n"), 404);
  EXPECT_EQ(status_for("websocket", "HTTP/1.1 302 F\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
            302);
  EXPECT_EQ(status_for("websocket",
                       "HTTP/1.1 426 U\r\nUpgrade: x\r\nConnection: upgrade\r\n"
                       "Content-Length: 0\r\n\r\n"),
            426);
  EXPECT_EQ(tunnels_begun(), 0U);
}

TEST_F(H2Tunnels, AnOrdinaryAnswerIsNotTheEndpointsFault) {
  cluster().outlier.enabled = true;
  cluster().outlier.consecutive_failures = 1;
  set_endpoints(2);
  EXPECT_EQ(status_for("websocket", std::string(kOk)), 502);
  EXPECT_EQ(endpoint(0).ejected(), false);
  EXPECT_EQ(endpoint(1).ejected(), false);
}

TEST_F(H2Tunnels, ARoutesOwnSuccessIsNone) {
  route().action = config::ActionKind::respond;
  route().respond.status = 200;
  config::Route other = route();  // announces
  other.name = "other";
  other.action = config::ActionKind::cluster;
  other.match.path = "/other";
  file.routes.push_back(other);
  expect_denied("websocket");
  route().respond.status = 410;
  reload();
  H2Client& client = connect_h2();
  client.sends(connect_to(1, "websocket"));
  EXPECT_EQ(client.answer(1).status, 410);
}

TEST_F(H2Tunnels, AnAnswerMustProveTheHandshake) {
  const std::string_view bad[] = {
      "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n",
      "",
  };
  for (const std::string_view accept : bad) {
    EXPECT_EQ(status_for("websocket", switching_to("websocket", accept) + "raw"), 502) << accept;
    EXPECT_EQ(records().at(records().size() - 2).values.reason, Errc::bad_upgrade_answer);
  }
  EXPECT_EQ(status_for("websocket", switching_to("other")), 502);
}

// --- on the way ---

TEST_F(H2Tunnels, ToRoutesTheyAreGetsWithAnUpgrade) {
  config::Route posts = route();
  posts.name = "posts";
  posts.match.methods = {"POST", "CONNECT"};
  file.routes.insert(file.routes.begin(), posts);
  config::Route sockets = route();
  sockets.name = "sockets";
  sockets.match.methods = {"GET"};
  sockets.match.headers.push_back({.name = "upgrade", .value = "websocket"});
  file.routes.insert(file.routes.begin() + 1, sockets);
  auto [client, origin] = open();
  client.party().closes();
  EXPECT_EQ(last_record().route, "sockets");
}

TEST_F(H2Tunnels, AreNeverSentAgain) {
  set_endpoints(2);
  route().retry.attempts = 3;
  route().retry.on.statuses = {503};
  EXPECT_EQ(status_for("websocket", "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), 503);
  EXPECT_EQ(records()[0].values.attempts, 1);
}

TEST_F(H2Tunnels, InterimAnswersPass) {
  H2Client& client = connect_h2();
  client.sends(connect_to(1, "websocket"));
  Party& origin = accept();
  const HttpText request = origin.receives();
  origin.sends("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + websocket_answer_to(request));
  EXPECT_EQ(client.answer(1).interim, std::vector<int>{103});
  EXPECT_EQ(client.answer(1).status, 200);
}

}  // namespace
}  // namespace weir::proxy
