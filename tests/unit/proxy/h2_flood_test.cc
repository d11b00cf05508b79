// What an HTTP/2 client may send only so much of: one less is fine, one more ends the connection
// with ENHANCE_YOUR_CALM, counted by reason; and time makes room again.
#include <gtest/gtest.h>

#include <string>

#include "h2_scenario.h"

namespace weir::proxy {
namespace {

using test::H2Client;
using test::Party;
namespace h2 = test::h2;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

constexpr std::uint32_t kCalm = 0xb;

class H2Flood : public test::H2Test {
 protected:
  // `sent`: how many of the kind a hello has already.
  void expect_bound(const limits::H2Allowance& allowance, std::string_view one,
                    std::string_view reason, std::uint32_t sent = 0) {
    H2Client& client = connect_h2();
    for (std::uint32_t i = sent; i < allowance.burst; ++i) client.sends(one);
    EXPECT_FALSE(client.seen().goaway()) << reason << ": as many as are allowed";
    advance(std::chrono::milliseconds(1000 / allowance.per_second));
    client.sends(one);
    EXPECT_FALSE(client.seen().goaway()) << reason << ": time makes room";
    client.sends(one);
    EXPECT_EQ(client.seen().goaway_code(), kCalm) << reason;
    ASSERT_FALSE(abuses().empty()) << reason;
    EXPECT_EQ(abuses().back(), reason);
    EXPECT_TRUE(client.party().was_told_end()) << reason;
    EXPECT_EQ(open_downstreams(), 0U) << "nobody reads what comes behind it";
    client.party().closes();
  }
  // So many at once are fine, and one more ends the connection.
  void expect_burst(H2Client& client, std::uint32_t burst, std::string_view one,
                    std::string_view reason) {
    for (std::uint32_t i = 0; i < burst; ++i) client.sends(one);
    EXPECT_FALSE(client.seen().goaway());
    client.sends(one);
    EXPECT_EQ(client.seen().goaway_code(), kCalm);
    EXPECT_EQ(abuses().back(), reason);
    client.party().closes();
  }
};

TEST_F(H2Flood, Settings) {
  expect_bound(limits::kH2SettingsFrames, h2::settings(), "settings", 1);
}

TEST_F(H2Flood, Pings) {
  expect_bound(limits::kH2Pings, h2::ping(), "pings");
}

TEST_F(H2Flood, Priorities) {
  expect_bound(limits::kH2Priorities, h2::frame(h2::kPriority, 0, 101, h2::number(0) + "\x10"),
               "priorities");
}

TEST_F(H2Flood, PriorityUpdates) {
  expect_bound(limits::kH2Priorities, h2::frame(h2::kPriorityUpdate, 0, 0, h2::number(101) + "u=1"),
               "priorities");
}

TEST_F(H2Flood, WindowUpdates) {
  expect_bound(limits::kH2WindowUpdates, h2::window_update(0, 1), "window_updates");
}

TEST_F(H2Flood, UnknownFrames) {
  expect_bound(limits::kH2UnknownFrames, h2::frame(0x77, 0, 0, "x"), "unknown_frames");
}

TEST_F(H2Flood, EmptyData) {
  for (const std::string& nothing :
       {h2::data(1, ""), h2::frame(h2::kData, h2::kPadded, 1, std::string("\x03\0\0\0", 4))}) {
    H2Client& client = connect_h2();
    client.sends(h2::headers(1, h2::request_fields("POST"), false));
    accept();
    expect_burst(client, limits::kH2EmptyFrames.burst, nothing, "empty_frames");
  }
}

// What was on its way when a stream ended is no fault; what never ends to come too late is.
TEST_F(H2Flood, LateFrames) {
  const h2::Fields trailers = {{"x", "y"}};
  for (const std::string& late :
       {h2::data(1, ""), h2::data(1, "late"), h2::headers(1, trailers, true)}) {
    H2Client& client = connect_h2();
    client.sends(h2::headers(1, h2::request_fields("POST"), false) + h2::rst(1, 8));
    expect_burst(client, limits::kH2LateFrames.burst, late, "late_frames");
  }
}

TEST_F(H2Flood, LateFramesInOneRead) {
  std::string late;
  for (std::uint32_t i = 0; i <= limits::kH2LateFrames.burst; ++i) late += h2::data(1, "");
  for (const std::size_t piece : {std::size_t{7}, net::MemoryWire::kAll}) {
    H2Client& client = connect_h2();
    client.sends(h2::headers(1, h2::request_fields("POST"), false) + h2::rst(1, 8));
    client.sends(late, piece);
    EXPECT_EQ(client.seen().goaway_code(), kCalm);
    EXPECT_EQ(abuses().back(), "late_frames");
    client.party().closes();
  }
}

TEST_F(H2Flood, HeadersBehindTheLastGoaway) {
  H2Client& client = connect_h2();
  client.sends(h2::get(1));
  Party& origin = accept();
  drain();
  client.sends(h2::ping("\0\0\0\0\0\0\0\0"sv, true));
  for (std::uint32_t i = 0; i < limits::kH2LateFrames.burst; ++i) {
    client.sends(h2::get(static_cast<std::int32_t>(2 * i + 3)));
  }
  EXPECT_EQ(client.seen().goaway_code(), 0U);
  client.sends(h2::get(99'999));
  EXPECT_EQ(client.seen().goaway_code(), kCalm);
  EXPECT_EQ(abuses().back(), "late_frames");
  origin.closes();
}

TEST_F(H2Flood, RapidReset) {
  H2Client& client = connect_h2();
  const auto request = [&](std::uint32_t i) {
    const auto stream = static_cast<std::int32_t>(2 * i + 1);
    client.sends(h2::get(stream) + h2::rst(stream, 8));
  };
  constexpr std::uint32_t kMost = limits::kH2Resets.burst / limits::kH2HastyReset;
  for (std::uint32_t i = 0; i < kMost; ++i) request(i);
  EXPECT_FALSE(client.seen().goaway());
  EXPECT_EQ(connector.targets().size(), 0U) << "no origin is asked for what is not wanted";
  request(kMost);
  EXPECT_EQ(client.seen().goaway_code(), kCalm);
  EXPECT_EQ(abuses(), std::vector<std::string>{"resets"});
}

TEST_F(H2Flood, AllThatMayBeOpenMayBeCancelledAtOnce) {
  H2Client& client = connect_h2();
  std::string asked, cancelled;
  for (std::uint32_t i = 0; i < limits::kH2Streams; ++i) {
    const auto stream = static_cast<std::int32_t>(2 * i + 1);
    asked += h2::get(stream);
    cancelled += h2::rst(stream, 8);
  }
  client.sends(asked + cancelled);  // as after a loss on the way
  EXPECT_FALSE(client.seen().goaway());
}

TEST_F(H2Flood, ResetsOfRequestsThatWereTakenUpCountOnce) {
  H2Client& client = connect_h2();
  const auto request = [&](std::uint32_t i) {
    const auto stream = static_cast<std::int32_t>(2 * i + 1);
    client.sends(h2::get(stream));
    client.sends(h2::rst(stream, 8));
  };
  for (std::uint32_t i = 0; i < limits::kH2Resets.burst; ++i) request(i);
  EXPECT_FALSE(client.seen().goaway());
  request(limits::kH2Resets.burst);
  EXPECT_EQ(client.seen().goaway_code(), kCalm);
}

TEST_F(H2Flood, ResetsThatTheClientMakesUsSendCount) {
  H2Client& client = connect_h2();
  for (std::uint32_t i = 0; i <= limits::kH2Resets.burst; ++i) {
    const auto stream = static_cast<std::int32_t>(2 * i + 1);
    client.sends(h2::headers(stream, h2::request_fields("GET", "no-path")));
  }
  EXPECT_EQ(client.seen().goaway_code(), kCalm);
  EXPECT_EQ(abuses().back(), "resets");
}

TEST_F(H2Flood, Continuations) {
  const std::string head = h2::block(h2::request_fields());
  for (const std::uint32_t more :
       {limits::kH2Continuations - 1, limits::kH2Continuations, limits::kH2Continuations + 1}) {
    H2Client& client = connect_h2();
    std::string bytes = h2::frame(h2::kHeaders, h2::kEndStream, 1, head);
    for (std::uint32_t i = 1; i < more; ++i) {
      bytes += h2::frame(h2::kContinuation, 0, 1, h2::block({{"x", "y"}}));
    }
    client.sends(bytes + h2::frame(h2::kContinuation, h2::kEndHeaders, 1, ""));
    if (more <= limits::kH2Continuations) {
      EXPECT_FALSE(client.seen().goaway()) << more;
      EXPECT_EQ(connecting(), 1U) << more;
    } else {
      EXPECT_EQ(client.seen().goaway_code(), kCalm);
      EXPECT_EQ(abuses().back(), "continuations");
    }
    client.party().closes();
  }
}

TEST_F(H2Flood, HeadsBeyondTheLimitAreAnswered431AndBombsEndTheConnection) {
  listener().limits.header_bytes = 4096;
  const auto head = [](std::size_t bytes) {
    const h2::Fields plain = h2::request_fields("GET", "/", {{"x", ""}});
    std::size_t size = 0;
    for (const auto& [name, value] : plain) size += name.size() + value.size() + 32;
    return h2::headers(1, h2::request_fields("GET", "/", {{"x", std::string(bytes - size, 'a')}}));
  };
  for (const std::size_t bytes : {4095U, 4096U}) {
    H2Client& client = connect_h2();
    client.sends(head(bytes));
    EXPECT_EQ(connecting(), 1U) << bytes;
    client.party().closes();
  }
  H2Client& client = connect_h2();
  client.sends(head(4097));
  EXPECT_EQ(client.answer(1).status, 431);
  EXPECT_EQ(last_record().values.reason, Errc::head_too_large);
  // A field that enters the decoder's table once, and is then named again and again by one byte.
  std::string bomb = h2::prefixed(0, 6, 0x40) + h2::prefixed(1, 7) + "x" + h2::prefixed(3000, 7) +
                     std::string(3000, 'a');
  bomb += std::string(10, static_cast<char>(0x80 | 62));
  client.sends(h2::frame(h2::kHeaders, h2::kEndHeaders | h2::kEndStream, 3,
                         h2::block(h2::request_fields()) + bomb));
  EXPECT_EQ(client.seen().goaway_code(), kCalm);
  EXPECT_EQ(abuses().back(), "header_bomb");
}

// A block is decoded to its end though its request was refused at its second field.
TEST_F(H2Flood, ThousandsOfFieldsAreNotDecoded) {
  listener().limits.headers = 10;
  const auto head = [](std::size_t fields) {
    return h2::frame(h2::kHeaders, h2::kEndHeaders | h2::kEndStream, 1,
                     std::string(fields, static_cast<char>(0x82)));
  };
  H2Client& client = connect_h2();
  const std::size_t most = (10 + limits::kH2PseudoFields) * limits::kH2BombFactor;
  client.sends(head(most));
  EXPECT_EQ(client.answer(1).reset, 1U) << "only malformed";
  EXPECT_FALSE(client.seen().goaway());
  H2Client& bomber = connect_h2();
  bomber.sends(head(most + 1));
  EXPECT_EQ(bomber.seen().goaway_code(), kCalm);
  EXPECT_EQ(abuses().back(), "header_bomb");
}

TEST_F(H2Flood, FieldsAndCookieCrumbsAreCounted) {
  listener().limits.headers = 10;
  for (const std::string_view name : {"x-a", "cookie"}) {
    for (const std::size_t count : {9U, 10U, 11U}) {
      H2Client& client = connect_h2();
      client.sends(h2::headers(
          1, h2::request_fields("GET", "/", h2::Fields(count, {std::string(name), "1"}))));
      if (count <= 10) {
        EXPECT_EQ(connecting(), 1U) << name << count;
      } else {
        EXPECT_EQ(client.answer(1).status, 431) << name;
      }
      client.party().closes();
    }
  }
}

TEST_F(H2Flood, StreamsBeyondTheLimitAreRefused) {
  listener().http2.max_streams = 2;
  Party& party = connect();
  H2Client client(party);
  client.sends(std::string(h2::kPreface) + h2::settings() + h2::get(1) + h2::get(3) + h2::get(5));
  EXPECT_EQ(client.answer(5).reset, 7U) << "REFUSED_STREAM, for it cannot know yet";
  EXPECT_EQ(connecting(), 2U);
  client.sends(h2::settings_ack() + h2::get(7));
  EXPECT_EQ(client.seen().goaway_code(), 1U) << "now it could";
  EXPECT_EQ(abuses().back(), "protocol_error");
  EXPECT_EQ(connecting(), 0U);
}

// Most clients open up to a hundred before they know the server's limit.
TEST_F(H2Flood, AHundredBeforeTheLimitIsKnownAreServedOrRefused) {
  listener().http2.max_streams = 2;
  H2Client client(connect());
  std::string bytes = std::string(h2::kPreface) + h2::settings();
  for (std::int32_t i = 0; i < 100; ++i) bytes += h2::get(2 * i + 1);
  client.sends(bytes);
  EXPECT_FALSE(client.seen().goaway());
  EXPECT_EQ(connecting(), 2U);
  EXPECT_EQ(client.answer(199).reset, 7U);
}

TEST_F(H2Flood, RequestsByTheHundredReachNoOrigin) {
  Party& party = connect();
  H2Client client(party);
  client.sends(std::string(h2::kPreface) + h2::settings());
  std::string bytes;
  const std::uint32_t all = listener().http2.max_streams + limits::kH2Resets.burst + 1;
  for (std::uint32_t i = 0; i < all; ++i) bytes += h2::get(static_cast<std::int32_t>(2 * i + 1));
  client.sends(bytes);
  EXPECT_EQ(client.seen().goaway_code(), kCalm);
  EXPECT_EQ(abuses().back(), "resets");
  EXPECT_EQ(connector.targets().size(), 0U);
}

TEST_F(H2Flood, OtherConnectionsGoOn) {
  H2Client& good = connect_h2();
  good.sends(h2::get(1));
  Party& origin = accept();
  H2Client& bad = connect_h2();
  for (std::uint32_t i = 0; i < 200; ++i) bad.sends(h2::ping());
  EXPECT_EQ(bad.seen().goaway_code(), kCalm);
  origin.sends(ok("fine"));
  EXPECT_EQ(good.answer(1).body, "fine");
}

TEST_F(H2Flood, ErrorsOfTheConnectionEndItWithTheirCode) {
  struct Case {
    std::string bytes;
    std::uint32_t code;
  };
  const Case cases[] = {
      {h2::data(0, "x"), 1},                                     // DATA on stream 0
      {h2::data(1, "x"), 1},                                     // on an idle stream
      {h2::headers(2, h2::request_fields()), 1},                 // a client's streams are odd
      {h2::frame(h2::kPing, 0, 0, "short"), 6},                  // size
      {h2::frame(h2::kSettings, 0, 0, "12345"), 6},              //
      {h2::settings({{4, 0x80000000}}), 3},                      // window
      {h2::settings({{5, 100}}), 1},                             // frame size
      {h2::window_update(0, 0), 1},                              //
      {h2::window_update(0, 0x7fffffff), 3},                     // overflow
      {h2::frame(h2::kPushPromise, 4, 1, h2::number(2)), 1},     //
      {h2::frame(h2::kHeaders, 5, 1, "\x80"), 9},                // HPACK: index 0
      {h2::frame(h2::kContinuation, 4, 1, ""), 1},               //
      {h2::frame(h2::kData, 0, 1, std::string(20000, 'x')), 6},  // above the frame size
  };
  for (const Case& one : cases) {
    H2Client& client = connect_h2();
    client.sends(one.bytes);
    EXPECT_EQ(client.seen().goaway_code(), one.code) << &one - cases;
    EXPECT_TRUE(client.party().was_told_end());
    client.party().closes();
  }
  EXPECT_EQ(open_downstreams(), 0U);
}

}  // namespace
}  // namespace weir::proxy
