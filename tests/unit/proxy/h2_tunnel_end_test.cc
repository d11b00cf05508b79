// How a tunnel over HTTP/2 ends: half-closes, resets, silence, stops; what reloads leave alone, and
// back-pressure by windows while it lives.
#include <gtest/gtest.h>

#include <string>

#include "h2_tunnel_scenario.h"

namespace weir::proxy {
namespace {

using namespace std::chrono_literals;
using test::connect_to;
using test::H2Client;
using test::Party;
using test::websocket_answer_to;
namespace h2 = test::h2;

class H2TunnelEnds : public test::H2TunnelTest {
 protected:
  // In frames of the usual size.
  static std::string data(std::int32_t stream, std::string_view bytes) {
    std::string out;
    for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 16384))) {
      out += h2::data(stream, bytes.substr(0, 16384));
    }
    return out;
  }
};

TEST_F(H2TunnelEnds, TheClientsEndIsPassedOnAndTheOriginGoesOn) {
  auto [client, origin] = open();
  client.sends(h2::data(1, "last words", true));
  EXPECT_TRUE(origin.was_told_end());
  EXPECT_EQ(origin.receives_bytes(), "last words");
  advance(10min);
  origin.sends("an answer");
  EXPECT_EQ(client.answer(1).body, "an answer");
  EXPECT_FALSE(client.answer(1).ended);
  origin.closes();
  EXPECT_TRUE(client.answer(1).ended);
  EXPECT_EQ(client.answer(1).reset, std::nullopt);
  expect_ended(Errc::none);
  expect_served(client, 3);
}

TEST_F(H2TunnelEnds, TheOriginsEndIsPassedOnAndTheClientGoesOn) {
  auto [client, origin] = open();
  origin.sends("bye");
  origin.finishes();
  EXPECT_TRUE(client.answer(1).ended);
  EXPECT_EQ(client.answer(1).body, "bye");
  EXPECT_EQ(client.answer(1).reset, std::nullopt) << "the other half is wanted still";
  advance(10min);
  client.sends(h2::data(1, "not yet"));
  EXPECT_EQ(origin.receives_bytes(), "not yet");
  client.sends(h2::data(1, "now", true));
  EXPECT_EQ(origin.receives_bytes(), "now") << "what closed the stream is not lost";
  EXPECT_TRUE(origin.was_told_end());
  expect_ended(Errc::none);
  EXPECT_FALSE(origin.was_reset());
  EXPECT_EQ(last_record().values.bytes_in, 10U);
  expect_served(client, 3);
}

TEST_F(H2TunnelEnds, WhatIsOnTheWayToTheOriginOutlivesTheStream) {
  auto [client, origin] = open(connect_h2(), {.window = 1000});
  origin.stops_reading();
  origin.finishes();
  const std::string much(60'000, 'x');
  client.sends(data(1, much) + h2::data(1, "", true));
  expect_served(client, 3);
  EXPECT_EQ(records().size(), 1U) << "the tunnel is not over";
  drain();
  settle();
  client.sends(h2::ping(client.seen().frames(h2::kPing)[0].payload, true));
  EXPECT_FALSE(client.party().was_told_end()) << "nor is the connection";
  origin.reads_on();
  EXPECT_EQ(origin.receives_bytes(), much);
  EXPECT_TRUE(origin.was_told_end());
  EXPECT_FALSE(origin.was_reset());
  expect_ended(Errc::none);
  EXPECT_TRUE(client.party().was_told_end());
}

// Or a client could have as many as it likes, each with a window of bytes.
TEST_F(H2TunnelEnds, ThoseThatOutlivedTheirStreamsAreAsManyAsStreamsMayBe) {
  listener().http2.max_streams = 2;
  H2Client& client = connect_h2();
  std::vector<Party*> origins;
  for (const std::int32_t stream : {1, 3}) {
    client.sends(connect_to(stream, "websocket"));
    Party& origin = accept({.window = 1000});
    origin.sends(websocket_answer_to(origin.receives()));
    origin.stops_reading();
    origin.finishes();
    client.sends(h2::data(stream, std::string(10'000, 'x')) + h2::data(stream, "", true));
    origins.push_back(&origin);
  }
  client.sends(h2::get(5));
  EXPECT_EQ(client.answer(5).reset, 7U) << "REFUSED_STREAM";
  origins[0]->reads_on();
  EXPECT_EQ(origins[0]->receives_bytes().size(), 10'000U);
  expect_served(client, 7);
}

TEST_F(H2TunnelEnds, AClientThatLeavesMeanwhileIsNoticed) {
  auto [client, origin] = open(connect_h2(), {.window = 1000});
  origin.stops_reading();
  origin.finishes();
  client.sends(data(1, std::string(60'000, 'x')) + h2::data(1, "", true));
  client.party().resets();
  EXPECT_TRUE(origin.was_reset());
  expect_ended(Errc::client_reset);
}

TEST_F(H2TunnelEnds, AResetOfTheClientResetsTheOrigin) {
  auto [client, origin] = open();
  client.sends(h2::rst(1, kCancel));
  EXPECT_FALSE(origin.is_connected());
  EXPECT_TRUE(origin.was_reset());
  expect_ended(Errc::client_reset);
  expect_served(client, 3);
}

TEST_F(H2TunnelEnds, AResetBehindTheOriginsEndIsOne) {
  auto [client, origin] = open();
  origin.finishes();
  client.sends(h2::rst(1, kCancel));
  EXPECT_TRUE(origin.was_reset());
  expect_ended(Errc::client_reset);
}

TEST_F(H2TunnelEnds, AResetBeforeTheAnswerEndsTheAttempt) {
  H2Client& client = connect_h2();
  client.sends(connect_to(1, "websocket") + h2::data(1, "early"));
  Party& origin = accept();
  client.sends(h2::rst(1, kCancel));
  EXPECT_FALSE(origin.is_connected());
  EXPECT_EQ(last_record().values.reason, Errc::client_gone);
  EXPECT_FALSE(last_record().values.tunnel);
}

TEST_F(H2TunnelEnds, AConnectionThatEndsResetsAllOfThem) {
  auto [client, first] = open();
  client.sends(connect_to(3, "websocket"));
  Party& second = accept();
  second.sends(websocket_answer_to(second.receives()));
  client.party().closes();
  EXPECT_TRUE(first.was_reset());
  EXPECT_TRUE(second.was_reset());
  EXPECT_EQ(records().size(), 2U);
  expect_ended(Errc::client_reset);
}

TEST_F(H2TunnelEnds, AResetOfTheOriginIsCancel) {
  auto [client, origin] = open();
  origin.resets();
  EXPECT_EQ(client.answer(1).reset, kCancel) << "RFC 8441 section 5";
  EXPECT_FALSE(client.answer(1).ended);
  expect_ended(Errc::tunnel_reset);
  expect_served(client, 3);
}

TEST_F(H2TunnelEnds, ResetsBehindEndsAreResets) {
  auto [client, origin] = open();
  client.sends(h2::data(1, "", true));
  origin.resets();
  EXPECT_EQ(client.answer(1).reset, kCancel);
  expect_ended(Errc::tunnel_reset);
}

TEST_F(H2TunnelEnds, TrailersInATunnelAreMalformed) {
  auto [client, origin] = open();
  client.sends(h2::headers(1, {{"x-sum", "1"}}));
  EXPECT_EQ(client.answer(1).reset, kProtocolError) << "RFC 9113 section 8.5";
  EXPECT_TRUE(origin.was_reset());
  expect_ended(Errc::bad_trailer);
  expect_served(client, 3);
}

TEST_F(H2TunnelEnds, NothingForTooLongEndsIt) {
  auto [client, origin] = open();
  advance(limits::kTunnelIdleTimeout - 1s);
  EXPECT_EQ(client.answer(1).reset, std::nullopt);
  advance(2s);
  EXPECT_EQ(client.answer(1).reset, kCancel);
  EXPECT_TRUE(origin.was_reset());
  expect_ended(Errc::tunnel_idle);
}

// RFC 9113 streams share a connection: what moves in one keeps no other open.
TEST_F(H2TunnelEnds, OnlyItsOwnBytesKeepOneOpen) {
  route().timeouts.tunnel_idle = 60s;
  auto [client, origin] = open(connect_h2({{kInitialWindow, 10}}));
  origin.sends("more than ten bytes");
  for (int i = 0; i < 3; ++i) {
    advance(15s);
    expect_served(client, 3 + 2 * i);
  }
  advance(16s);
  EXPECT_EQ(client.answer(1).reset, kCancel);
  expect_ended(Errc::tunnel_idle);
}

TEST_F(H2TunnelEnds, BytesOfEitherSideKeepItOpen) {
  route().timeouts.tunnel_idle = 60s;
  auto [client, origin] = open(connect_h2({{kInitialWindow, 0}}));
  for (int i = 0; i < 3; ++i) {
    advance(50s);
    client.sends(h2::data(1, "c"));
    advance(50s);
    origin.sends("ooooo");
    advance(50s);
    client.sends(h2::window_update(1, 5));
  }
  EXPECT_EQ(client.answer(1).reset, std::nullopt);
  EXPECT_EQ(origin.receives_bytes(), "ccc");
  EXPECT_EQ(client.answer(1).body, std::string(15, 'o'));
}

TEST_F(H2TunnelEnds, NoDeadlineOfHttpEndsOne) {
  route().timeouts.request = 5s;
  route().timeouts.response_head = 2s;
  route().timeouts.response_idle = 2s;
  listener().timeouts.body_idle = 1s;
  listener().timeouts.write_idle = 1s;
  listener().timeouts.idle = 1s;
  auto [client, origin] = open();
  client.sends(h2::data(1, "a"));
  advance(30min);
  client.sends(h2::data(1, "b"));
  EXPECT_EQ(origin.receives_bytes(), "ab");
  origin.sends("c");
  EXPECT_EQ(client.answer(1).body, "c");
  EXPECT_EQ(abuses().size(), 0U);
}

TEST_F(H2TunnelEnds, OneThatIsAskedForMayWaitForItsAnswer) {
  listener().timeouts.body_idle = 1s;
  H2Client& client = connect_h2();
  client.sends(connect_to(1, "websocket"));
  Party& origin = accept();
  const auto request = origin.receives();
  advance(20s);
  origin.sends(websocket_answer_to(request));
  EXPECT_EQ(client.answer(1).status, 200);
  client.sends(connect_to(3, "websocket"));
  accept();
  advance(limits::kResponseHeadTimeout + 1s);
  EXPECT_EQ(client.answer(3).status, 504);
}

// --- back-pressure ---

TEST_F(H2TunnelEnds, AClientWithoutWindowStopsTheOriginAndNothingElse) {
  auto [client, origin] = open(connect_h2({{kInitialWindow, 100}}));
  const std::string much(limits::kH2StreamHigh + 100'000, 'x');
  origin.sends(much, 16'384);
  EXPECT_FALSE(origin.is_read());
  client.sends(h2::data(1, "the other way"));
  EXPECT_EQ(origin.receives_bytes(), "the other way");
  expect_served(client, 3);
  advance(30min);
  EXPECT_EQ(client.answer(1).reset, std::nullopt) << "the tunnel's deadline is the only one";
  EXPECT_EQ(client.answer(1).body.size(), 100U);
  client.sends(h2::window_update(1, 1'000'000) + h2::window_update(0, 1'000'000));
  EXPECT_TRUE(origin.is_read());
  EXPECT_EQ(client.answer(1).body, much);
}

TEST_F(H2TunnelEnds, WhatIsLeftOfOneThatEndedHasItsTime) {
  auto [client, origin] = open(connect_h2({{kInitialWindow, 10}}));
  client.sends(h2::data(1, "", true));
  origin.sends(std::string(100, 'x'));
  origin.finishes();
  expect_ended(Errc::none);
  advance(31s);
  EXPECT_EQ(client.answer(1).reset, 0xbU);
  EXPECT_EQ(abuses(), std::vector<std::string>{"slow_reading"});
}

TEST_F(H2TunnelEnds, AnOriginThatDoesNotReadStopsItsStreamAlone) {
  auto [client, origin] = open(connect_h2(), {.window = 1000});
  origin.stops_reading();
  std::uint64_t sent = 0;
  while (sent < limits::kH2Window + client.seen().opened(1) && sent < 10'000'000) {
    client.sends(h2::data(1, std::string(16'384, 'c')));
    sent += 16'384;
  }
  EXPECT_LT(sent, limits::kHighWatermark + 3 * limits::kH2Window) << "its window stays shut";
  origin.sends("the other way");
  EXPECT_EQ(client.answer(1).body, "the other way");
  expect_served(client, 3);
  advance(30min);
  origin.reads_on();
  EXPECT_EQ(origin.receives_bytes().size(), sent);
  EXPECT_GE(client.seen().opened(1), sent - limits::kH2Window / 2);
}

// --- stops and reloads ---

TEST_F(H2TunnelEnds, AStopWaitsForThemAndThenResetsThem) {
  auto [client, origin] = open();
  context().draining = true;
  drain();
  settle();
  EXPECT_EQ(client.seen().goaway_code(), 0U);
  advance(20s);
  client.sends(h2::data(1, "go on"));
  EXPECT_EQ(origin.receives_bytes(), "go on");
  stop_now();
  EXPECT_FALSE(client.party().is_connected());
  EXPECT_TRUE(origin.was_reset());
  expect_ended(Errc::shutting_down);
}

TEST_F(H2TunnelEnds, ADrainedConnectionEndsWithItsLastTunnel) {
  auto [client, origin] = open();
  drain();
  advance(2s);
  client.sends(h2::data(1, "bye", true));
  EXPECT_FALSE(client.party().was_told_end());
  origin.finishes();
  expect_ended(Errc::none);
  EXPECT_TRUE(client.party().was_told_end());
}

TEST_F(H2TunnelEnds, AReloadLeavesThemAlone) {
  route().timeouts.tunnel_idle = 10min;
  auto [client, origin] = open();
  route().timeouts.tunnel_idle = 1s;
  route().upgrade.protocols.clear();
  reload();
  advance(9min);
  client.sends(h2::data(1, "as before"));
  EXPECT_EQ(origin.receives_bytes(), "as before");
  client.sends(connect_to(3, "websocket"));
  EXPECT_EQ(client.answer(3).status, 501) << "what it was told, no longer holds";
  client.sends(h2::data(1, "", true));
  origin.finishes();
  expect_ended(Errc::none);
}

TEST_F(H2TunnelEnds, EndsAtEveryByteLeaveNothing) {
  const std::string bytes =
      h2::hello() + connect_to(1, "websocket") + h2::data(1, "abc") + h2::data(1, "d", true);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Party& client = connect();
    client.sends(bytes.substr(0, cut));
    if (connecting() > 0) {
      Party& origin = accept();
      origin.sends(websocket_answer_to(origin.receives()) + "some");
    }
    if (cut % 2 == 0) {
      client.resets();
    } else {
      client.closes();
    }
    ASSERT_EQ(open_downstreams(), 0U) << cut;
    ASSERT_EQ(in_flight(), 0U) << cut;
  }
}

}  // namespace
}  // namespace weir::proxy
