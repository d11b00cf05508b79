// Slow readers: what the proxy holds for them is bounded, the other side is paused meanwhile, and
// in the end every byte arrives.
#include <gtest/gtest.h>

#include <string>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::kGet;
using test::kOk;
using test::Party;
using namespace std::chrono_literals;

constexpr std::size_t kPiece = limits::kReceiveBuffer;
constexpr std::size_t kContent = 1024 * 1024;

class BackPressure : public test::ExchangeTest {
 protected:
  static std::string content() {
    std::string bytes;
    while (bytes.size() < kContent) bytes += std::to_string(bytes.size()) + ";";
    bytes.resize(kContent);
    return bytes;
  }
  static std::string response() {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kContent) + "\r\n\r\n" +
           content();
  }
  static std::string upload() {
    return "PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + std::to_string(kContent) +
           "\r\n\r\n" + content();
  }
  static net::FaultPlan narrow() { return {.window = kPiece}; }
};

TEST_F(BackPressure, ASlowClientPausesTheOriginAndLosesNothing) {
  Party& client = connect(narrow());
  client.stops_reading();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(response(), kPiece);
  EXPECT_FALSE(origin.is_read());
  const std::size_t taken = response().size() - origin.unread();
  EXPECT_GT(taken, limits::kHighWatermark);
  EXPECT_LE(taken, limits::kHighWatermark + 2 * kPiece);

  client.reads_on();
  EXPECT_TRUE(origin.is_read());
  EXPECT_EQ(client.receives().body, content());
  EXPECT_TRUE(origin.is_connected()) << "it may be used again";
}

TEST_F(BackPressure, TheOriginGoesOnOnlyBelowTheLowMark) {
  Party& client = connect(narrow());
  client.stops_reading();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(response(), kPiece);
  const std::size_t unread = origin.unread();
  client.reads_some(kPiece);
  EXPECT_FALSE(origin.is_read()) << "between the marks nothing changes";
  client.reads_some(kPiece);
  client.reads_some(kPiece);
  EXPECT_LT(origin.unread(), unread);
  client.reads_on();
  EXPECT_EQ(client.receives().body, content());
}

TEST_F(BackPressure, ASlowClientDoesNotCountAgainstTheOriginsTime) {
  listener().timeouts.write_idle = 300s;
  Party& client = connect(narrow());
  client.stops_reading();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(response(), kPiece);
  advance(200s);
  client.reads_on();
  EXPECT_EQ(client.receives().body, content());
}

TEST_F(BackPressure, ASlowOriginPausesTheClientAndLosesNothing) {
  Party& client = connect();
  client.sends("PUT");
  Party* origin = nullptr;
  client.sends(upload().substr(3, 100));
  origin = &accept(narrow());
  origin->stops_reading();
  client.sends(upload().substr(103), kPiece);
  EXPECT_FALSE(client.is_read());
  const std::size_t taken = upload().size() - client.unread();
  EXPECT_GT(taken, limits::kHighWatermark);
  EXPECT_LE(taken, limits::kHighWatermark + 3 * kPiece);

  origin->reads_on();
  EXPECT_TRUE(client.is_read());
  EXPECT_EQ(origin->receives().body, content());
  origin->sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(BackPressure, ASlowOriginDoesNotCountAgainstTheClientsTime) {
  Party& client = connect();
  client.sends(upload().substr(0, 100));
  Party& origin = accept(narrow());
  origin.stops_reading();
  client.sends(upload().substr(100), kPiece);
  ASSERT_FALSE(client.is_read());
  for (int i = 0; i < 3; ++i) {
    advance(20s);
    origin.reads_some(1024);
  }
  EXPECT_TRUE(client.is_connected());
  origin.reads_on();
  EXPECT_EQ(origin.receives().body, content());
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(BackPressure, ContentThatComesWhileConnectingIsHeldUpToItsLimit) {
  Party& client = connect();
  client.sends(upload(), kPiece / 4);
  EXPECT_FALSE(client.is_read());
  EXPECT_GE(chunks_in_use() * limits::kChunkBytes, limits::kEarlyBodyBytes);
  EXPECT_LE(chunks_in_use() * limits::kChunkBytes, limits::kEarlyBodyBytes + kPiece);
  Party& origin = accept();
  EXPECT_EQ(chunks_in_use(), 0U);
  EXPECT_TRUE(client.is_read());
  EXPECT_EQ(origin.receives().body, content());
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(BackPressure, ContentHeldForARefusedConnectIsNotLost) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(upload(), kPiece / 4);
  refuse();
  Party& origin = accept();
  EXPECT_EQ(origin.receives().body, content());
  origin.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(BackPressure, AClientPausedWhileConnectingIsReadAgainAfterAnOwnAnswer) {
  Party& client = connect();
  client.sends(upload(), kPiece / 4);
  ASSERT_FALSE(client.is_read());
  refuse();
  EXPECT_EQ(client.receives().status(), 502);
  client.closes();
  EXPECT_EQ(open_downstreams(), 0U);
}

TEST_F(BackPressure, AClientThatLeavesAfterAPausedUploadIsNoticed) {
  Party& client = connect();
  client.sends(upload().substr(0, 100));
  Party& origin = accept(narrow());
  origin.stops_reading();
  client.sends(upload().substr(100), kContent);
  origin.reads_on();  // the request is complete and there
  EXPECT_TRUE(client.is_read());
  client.closes();
  EXPECT_EQ(last_record().values.reason, Errc::client_gone);
  EXPECT_FALSE(origin.is_connected());
}

TEST_F(BackPressure, AResponsePausedAtItsEndLeavesAConnectionThatIsRead) {
  Party& client = connect(narrow());
  client.stops_reading();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(response(), kPiece);
  client.reads_on();
  client.receives();
  ASSERT_TRUE(origin.is_connected());
  origin.sends("stray");
  EXPECT_FALSE(origin.is_connected());
}

}  // namespace
}  // namespace weir::proxy
