// How a tunnel ends: half-closes, resets, silence, stops; what reloads leave alone, and
// back-pressure while it lives.
#include <gtest/gtest.h>

#include <string>

#include "tunnel_scenario.h"

namespace weir::proxy {
namespace {

using namespace std::chrono_literals;
using test::Party;
using test::switching_to;
using test::upgrade_to;

class TunnelEnds : public test::TunnelTest {};

TEST_F(TunnelEnds, TheClientsEndIsPassedOnAndTheOriginGoesOn) {
  auto [client, origin] = open();
  client.sends("last words");
  client.finishes();
  EXPECT_TRUE(origin.was_told_end());
  EXPECT_EQ(origin.receives_bytes(), "last words");
  advance(10min);
  origin.sends("an answer");
  EXPECT_EQ(client.receives_bytes(), "an answer");
  EXPECT_FALSE(client.was_told_end());
  origin.closes();
  EXPECT_TRUE(client.was_told_end());
  expect_ended(Errc::none);
  EXPECT_FALSE(client.is_connected()) << "both have ended: nothing is waited for";
  EXPECT_FALSE(client.was_reset());
}

TEST_F(TunnelEnds, TheOriginsEndIsPassedOnAndTheClientGoesOn) {
  auto [client, origin] = open();
  origin.sends("bye");
  origin.finishes();
  EXPECT_TRUE(client.was_told_end());
  EXPECT_EQ(client.receives_bytes(), "bye");
  advance(10min);
  client.sends("not yet");
  EXPECT_EQ(origin.receives_bytes(), "not yet");
  client.finishes();
  EXPECT_TRUE(origin.was_told_end());
  expect_ended(Errc::none);
  EXPECT_FALSE(origin.is_connected());
  EXPECT_FALSE(origin.was_reset());
}

TEST_F(TunnelEnds, AnEndBehindBytesOnTheWayWaitsForThem) {
  Party& client = connect();
  client.sends(upgrade_to("websocket"));
  Party& origin = accept();
  origin.receives();
  origin.sends(switching_to("websocket"));
  client.receives();
  origin.stops_reading();
  const std::string much(100'000, 'x');
  client.sends(much);
  client.finishes();
  origin.finishes();
  origin.reads_on();
  EXPECT_EQ(origin.receives_bytes().size(), much.size());
  EXPECT_TRUE(origin.was_told_end());
  expect_ended(Errc::none);
}

TEST_F(TunnelEnds, AResetOfTheClientResetsTheOrigin) {
  auto [client, origin] = open();
  client.resets();
  EXPECT_FALSE(origin.is_connected());
  EXPECT_TRUE(origin.was_reset());
  expect_ended(Errc::client_reset);
}

TEST_F(TunnelEnds, AResetOfTheOriginResetsTheClient) {
  auto [client, origin] = open();
  origin.resets();
  EXPECT_FALSE(client.is_connected());
  EXPECT_TRUE(client.was_reset());
  expect_ended(Errc::tunnel_reset);
}

TEST_F(TunnelEnds, AResetBehindAnEndIsStillOne) {
  auto [client, origin] = open();
  client.finishes();
  EXPECT_TRUE(origin.was_told_end());
  origin.resets();
  EXPECT_TRUE(client.was_reset());
  expect_ended(Errc::tunnel_reset);
  auto [second, its_origin] = open();
  its_origin.finishes();
  second.resets();
  EXPECT_TRUE(its_origin.was_reset());
  expect_ended(Errc::client_reset);
}

TEST_F(TunnelEnds, AnOriginThatIsGoneIsNoticedByWhatIsSentThere) {
  auto [client, origin] = open();
  origin.finishes();
  EXPECT_TRUE(client.was_told_end());
  origin.peer().wire().fail_writes(test::MemoryPeer::End::left);
  client.sends("is anybody there?");
  EXPECT_TRUE(client.was_reset());
  expect_ended(Errc::tunnel_reset);
}

TEST_F(TunnelEnds, NothingForTooLongEndsIt) {
  auto [client, origin] = open();
  advance(limits::kTunnelIdleTimeout - 1s);
  EXPECT_TRUE(client.is_connected());
  advance(2s);
  EXPECT_TRUE(client.was_reset());
  EXPECT_TRUE(origin.was_reset());
  expect_ended(Errc::tunnel_idle);
}

TEST_F(TunnelEnds, BytesOfEitherSideKeepItOpen) {
  route().timeouts.tunnel_idle = 60s;
  auto [client, origin] = open();
  for (int i = 0; i < 5; ++i) {
    advance(50s);
    client.sends("c");
    advance(50s);
    origin.sends("o");
  }
  EXPECT_TRUE(client.is_connected());
  EXPECT_EQ(origin.receives_bytes(), "ccccc");
  EXPECT_EQ(client.receives_bytes(), "ooooo");
  advance(61s);
  expect_ended(Errc::tunnel_idle);
}

TEST_F(TunnelEnds, OneThatIsHalfClosedMayIdleAsLong) {
  route().timeouts.tunnel_idle = 60s;
  auto [client, origin] = open();
  client.finishes();
  advance(59s);
  EXPECT_TRUE(origin.is_connected());
  advance(2s);
  expect_ended(Errc::tunnel_idle);
}

TEST_F(TunnelEnds, NoDeadlineOfHttpEndsOne) {
  route().timeouts.request = 5s;
  route().timeouts.response_head = 2s;
  route().timeouts.response_idle = 2s;
  route().retry.per_try_timeout = 1s;
  auto [client, origin] = open();
  advance(30min);
  client.sends("still here");
  EXPECT_EQ(origin.receives_bytes(), "still here");
  origin.sends("so am I");
  EXPECT_EQ(client.receives_bytes(), "so am I");
}

TEST_F(TunnelEnds, ItsAnswerHasItsTime) {
  route().timeouts.response_head = 2s;
  Party& client = connect();
  client.sends(upgrade_to("websocket"));
  Party& origin = accept();
  origin.receives();
  advance(3s);
  EXPECT_EQ(client.receives().status(), 504);
  EXPECT_FALSE(origin.is_connected());
}

// --- back-pressure ---

TEST_F(TunnelEnds, AClientThatDoesNotReadStopsTheOriginAndNothingElse) {
  Party& client = connect({.window = 1000});
  client.sends(upgrade_to("websocket"));
  Party& origin = accept();
  origin.receives();
  origin.sends(switching_to("websocket"));
  client.receives();
  client.stops_reading();
  const std::string much(limits::kHighWatermark + 50'000, 'x');
  origin.sends(much, 16'384);
  EXPECT_FALSE(origin.is_read());
  client.sends("the other way");
  EXPECT_EQ(origin.receives_bytes(), "the other way");
  advance(30min);
  EXPECT_TRUE(client.is_connected()) << "the tunnel's deadline is the only one";
  client.reads_on();
  EXPECT_TRUE(origin.is_read());
  EXPECT_EQ(client.receives_bytes().size(), much.size());
}

TEST_F(TunnelEnds, AnOriginThatDoesNotReadStopsTheClientAndNothingElse) {
  Party& client = connect();
  client.sends(upgrade_to("websocket"));
  Party& origin = accept({.window = 1000});
  origin.receives();
  origin.sends(switching_to("websocket"));
  client.receives();
  origin.stops_reading();
  const std::string much(limits::kHighWatermark + 50'000, 'x');
  client.sends(much, 16'384);
  EXPECT_FALSE(client.is_read());
  origin.sends("the other way");
  EXPECT_EQ(client.receives_bytes(), "the other way");
  advance(30min);
  origin.reads_on();
  EXPECT_TRUE(client.is_read());
  EXPECT_EQ(origin.receives_bytes().size(), much.size());
}

// --- stops and reloads ---

TEST_F(TunnelEnds, AStopWaitsForThemAndThenResetsThem) {
  auto [client, origin] = open();
  context().draining = true;
  drain();
  advance(20s);
  client.sends("go on");
  EXPECT_EQ(origin.receives_bytes(), "go on");
  stop_now();
  EXPECT_TRUE(client.was_reset());
  EXPECT_TRUE(origin.was_reset());
  expect_ended(Errc::shutting_down);
}

TEST_F(TunnelEnds, AReloadLeavesThemAlone) {
  route().timeouts.tunnel_idle = 10min;
  auto [client, origin] = open();
  route().timeouts.tunnel_idle = 1s;
  route().upgrade.protocols.clear();
  set_endpoints(2);
  cluster().endpoints.erase(cluster().endpoints.begin());
  reload();
  advance(9min);
  client.sends("as before");
  EXPECT_EQ(origin.receives_bytes(), "as before");
  client.finishes();
  origin.finishes();
  EXPECT_EQ(last_record().values.reason, Errc::none);
}

}  // namespace
}  // namespace weir::proxy
