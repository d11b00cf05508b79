// Connections that begin with a PROXY header: whose they are, what is refused, and that nothing of
// one is left over.
#include "proxy/arrival.h"

#include <gtest/gtest.h>

#include <string>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::kGet;
using test::kOk;
using test::Party;

constexpr std::string_view kHeader = "PROXY TCP4 203.0.113.9 198.51.100.1 4711 443\r\n";
constexpr std::string_view kBalancer = "10.1.2.3";

class ArrivalTest : public test::ExchangeTest {
 protected:
  ArrivalTest() {
    listener().proxy_protocol = true;
    listener().trusted_proxies = {trust(kBalancer)};
  }
  static config::Cidr trust(std::string_view address) {
    return {.network = parse_ip(address).value().bytes, .prefix = 128};
  }
  Party& connect_from(std::string_view address) { return connect({}, address); }
  std::size_t failures(ArrivalFailure kind) const {
    return static_cast<std::size_t>(
        std::count(arrivals_failed().begin(), arrivals_failed().end(), kind));
  }
};

TEST_F(ArrivalTest, TheHeadersSourceIsTheClient) {
  Party& client = connect_from(kBalancer);
  client.sends(kHeader);
  EXPECT_EQ(connecting(), 0U);
  client.sends("GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n");
  Party& origin = accept();
  EXPECT_EQ(origin.receives().field("X-Forwarded-For"), "203.0.113.9");
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(last_record().client, "203.0.113.9");
  client.sends(kGet);  // the next request is the same client's
  EXPECT_EQ(origin.receives().field("X-Forwarded-For"), "203.0.113.9");
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(ArrivalTest, HeaderAndRequestMayComeInAnyPieces) {
  const std::string all = std::string(kHeader) + std::string(kGet);
  for (std::size_t piece = 1; piece <= all.size(); ++piece) {
    Party& client = connect_from(kBalancer);
    client.sends(all, piece);
    Party& origin = accept();
    EXPECT_EQ(origin.receives().field("X-Forwarded-For"), "203.0.113.9") << piece;
    origin.sends("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_EQ(client.receives().body, "ok") << piece;
    client.closes();
  }
  EXPECT_TRUE(arrivals_failed().empty());
}

TEST_F(ArrivalTest, BehindATrustedSourceItsForwardedForCounts) {
  listener().trusted_proxies.push_back(trust("203.0.113.9"));
  Party& client = connect_from(kBalancer);
  client.sends(std::string(kHeader) +
               "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 192.0.2.55\r\n\r\n");
  Party& origin = accept();
  EXPECT_EQ(origin.receives().field("X-Forwarded-For"), "192.0.2.55, 203.0.113.9");
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(last_record().client, "192.0.2.55");
}

TEST_F(ArrivalTest, WhoSpeaksForItselfIsTheClient) {
  Party& client = connect_from(kBalancer);
  client.sends("PROXY UNKNOWN\r\n" + std::string(kGet));
  Party& origin = accept();
  EXPECT_EQ(origin.receives().field("X-Forwarded-For"), kBalancer);
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  EXPECT_EQ(last_record().client, kBalancer);
}

TEST_F(ArrivalTest, AStrangersHeaderIsNotBelieved) {
  Party& client = connect_from("192.0.2.66");
  client.sends(std::string(kHeader) + std::string(kGet));
  EXPECT_EQ(client.receives().status(), 400);
  EXPECT_TRUE(client.was_told_end());
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(last_record().client, "192.0.2.66");
}

TEST_F(ArrivalTest, AStrangerWithoutHeaderIsServedAsItself) {
  Party& client = connect_from("192.0.2.66");
  client.sends(kGet);
  Party& origin = accept();
  EXPECT_EQ(origin.receives().field("X-Forwarded-For"), "192.0.2.66");
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(ArrivalTest, ATrustedPeerWithoutHeaderIsClosedAndOthersGoOn) {
  Party& good = connect_from(kBalancer);
  Party& bad = connect_from(kBalancer);
  bad.sends(kGet);
  EXPECT_EQ(bad.receives_bytes(), "");
  EXPECT_FALSE(bad.is_connected());
  EXPECT_EQ(failures(ArrivalFailure::proxy_header), 1U);
  EXPECT_TRUE(records().empty());
  good.sends(std::string(kHeader) + std::string(kGet));
  accept().sends(kOk);
  EXPECT_EQ(good.receives().body, "ok");
}

TEST_F(ArrivalTest, AHeaderHasToBeThereInTime) {
  Party& silent = connect_from(kBalancer);
  Party& slow = connect_from(kBalancer);
  slow.sends("PROXY TCP4 ");
  advance(limits::kProxyHeaderTimeout - std::chrono::milliseconds(1));
  slow.sends("203.0.113.9");  // puts nothing off
  EXPECT_TRUE(silent.is_connected());
  EXPECT_TRUE(slow.is_connected());
  advance(std::chrono::milliseconds(1));
  EXPECT_FALSE(silent.is_connected());
  EXPECT_FALSE(slow.is_connected());
  EXPECT_EQ(failures(ArrivalFailure::proxy_header), 2U);
}

TEST_F(ArrivalTest, ACheckOfThePortIsNoFault) {
  connect_from(kBalancer).closes();
  connect_from(kBalancer).resets();
  EXPECT_TRUE(arrivals_failed().empty());
  Party& half = connect_from(kBalancer);
  half.sends("PROXY TC");
  half.closes();
  EXPECT_EQ(failures(ArrivalFailure::proxy_header), 1U);
  EXPECT_EQ(open_downstreams(), 0U);
}

TEST_F(ArrivalTest, ConnectionsAreCountedForTheAddressTheHeaderNames) {
  listener().limits.connections_per_address = 2;
  const auto arrive = [&](std::string_view address) -> Party& {
    Party& client = connect_from(kBalancer);
    client.sends("PROXY TCP4 " + std::string(address) + " 198.51.100.1 4711 443\r\n");
    return client;
  };
  Party& first = arrive("203.0.113.9");
  Party& second = arrive("203.0.113.9");
  EXPECT_FALSE(arrive("203.0.113.9").is_connected());
  EXPECT_EQ(failures(ArrivalFailure::address_limit), 1U);
  EXPECT_TRUE(arrive("203.0.113.8").is_connected());
  first.closes();
  EXPECT_TRUE(arrive("203.0.113.9").is_connected());
  EXPECT_TRUE(second.is_connected());
}

TEST_F(ArrivalTest, WhoWaitsForAHeaderEndsWithinTheGrace) {
  Party& waiting = connect_from(kBalancer);
  Party& late = connect_from(kBalancer);
  context().draining = true;
  drain();
  late.sends(std::string(kHeader) + std::string(kGet));  // came in time: is served, once
  accept().sends(kOk);
  EXPECT_EQ(late.receives().field("Connection"), "close");
  advance(limits::kStopGrace);
  EXPECT_FALSE(waiting.is_connected());
  context().draining = false;
}

}  // namespace
}  // namespace weir::proxy
