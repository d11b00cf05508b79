// How HTTP/2 streams and connections end: resets at each step of an exchange, idle times, drains,
// and clients that leave.
#include <gtest/gtest.h>

#include <string>

#include "h2_scenario.h"

namespace weir::proxy {
namespace {

using test::H2Client;
using test::Party;
namespace h2 = test::h2;
using namespace std::chrono_literals;

constexpr std::uint32_t kCancel = 8;

class H2End : public test::H2Test {};

TEST_F(H2End, AResetWhileConnectingEndsTheConnect) {
  H2Client& client = connect_h2();
  client.sends(h2::get(1));
  EXPECT_EQ(connecting(), 1U);
  client.sends(h2::rst(1, kCancel));
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(last_record().values.reason, Errc::client_gone);
}

TEST_F(H2End, AResetRightBehindItsRequestReachesNobody) {
  H2Client& client = connect_h2();
  client.sends(h2::get(1) + h2::rst(1, kCancel));
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(connector.targets().size(), 0U);
  EXPECT_EQ(records().size(), 1U);
}

TEST_F(H2End, AResetWhileSendingClosesAtTheOrigin) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, h2::request_fields("POST", "/"), false) + h2::data(1, "abc"));
  Party& origin = accept();
  client.sends(h2::rst(1, kCancel));
  EXPECT_FALSE(origin.is_connected());
}

TEST_F(H2End, AResetWhileWaitingOrRelayingClosesAtTheOrigin) {
  H2Client& client = connect_h2();
  client.sends(h2::get(1) + h2::get(3));
  Party& waiting = accept();
  Party& relaying = accept();
  relaying.sends("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  client.sends(h2::rst(1, kCancel) + h2::rst(3, kCancel));
  EXPECT_FALSE(waiting.is_connected());
  EXPECT_FALSE(relaying.is_connected());
  EXPECT_EQ(records().size(), 2U);
  EXPECT_FALSE(client.seen().goaway());
}

TEST_F(H2End, AResetOfWhatIsAnsweredChangesNothing) {
  H2Client& client = connect_h2({{kInitialWindow, 2}});
  client.sends(h2::get(1));
  Party& origin = accept();
  origin.sends(ok("waits for a window"));
  client.sends(h2::rst(1, kCancel));
  EXPECT_TRUE(origin.is_connected());
  client.sends(h2::get(3));
  origin.sends(ok("ok"));
  EXPECT_EQ(client.answer(3).body, "ok");
}

// The exchange is over, its head another's, and the stream still open.
TEST_F(H2End, TrailersOfWhatWasAnsweredReachNobody) {
  H2Client& client = connect_h2({{kInitialWindow, 2}});
  client.sends(h2::headers(1, h2::request_fields("POST", "/"), false));
  Party& origin = accept();
  origin.sends(ok("waits for a window"));
  ASSERT_EQ(records().size(), 1U);
  Party& other = connect();
  other.sends("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  Party& its_origin = accept();
  client.sends(h2::headers(1, {{"x-sum", "not theirs"}}));
  other.sends("0\r\n\r\n");
  const test::HttpText request = its_origin.receives();
  EXPECT_TRUE(request.whole);
  EXPECT_FALSE(request.trailer("x-sum") == "not theirs");
  its_origin.sends(ok("ok"));
  EXPECT_EQ(other.receives().body, "ok");
}

TEST_F(H2End, AClientThatLeavesEndsAllItsExchanges) {
  H2Client& client = connect_h2();
  client.sends(h2::get(1) + h2::get(3));
  Party& first = accept();
  Party& second = accept();
  client.party().closes();
  EXPECT_FALSE(first.is_connected());
  EXPECT_FALSE(second.is_connected());
  EXPECT_EQ(records().size(), 2U);
  EXPECT_EQ(open_downstreams(), 0U);
}

TEST_F(H2End, AnIdleConnectionIsToldAndClosed) {
  H2Client& client = connect_h2();
  client.sends(h2::get(1));
  accept().sends(ok("ok"));
  advance(70s);
  client.sends(h2::ping());  // no request
  EXPECT_FALSE(client.seen().goaway());
  advance(6s);
  EXPECT_EQ(client.seen().goaway(), (std::pair<std::uint32_t, std::uint32_t>(1, 0)));
  EXPECT_TRUE(client.party().was_told_end());
  client.party().closes();
  EXPECT_EQ(open_downstreams(), 0U);
}

TEST_F(H2End, AConnectionWithAStreamIsNotIdle) {
  route().timeouts.response_head = 200s;
  H2Client& client = connect_h2();
  client.sends(h2::get(1));
  Party& origin = accept();
  advance(100s);
  origin.sends(ok("late"));
  EXPECT_EQ(client.answer(1).body, "late");
}

TEST_F(H2End, APrefaceThatDoesNotEndIsNotWaitedFor) {
  Party& client = connect();
  client.sends(h2::kPreface.substr(0, 10));
  advance(11s);
  EXPECT_FALSE(client.is_connected());
  Party& silent = connect();
  silent.sends(h2::kPreface);
  advance(11s);
  silent.closes();
  EXPECT_EQ(open_downstreams(), 0U);
}

TEST_F(H2End, AHeadThatDoesNotEndEndsTheConnection) {
  H2Client& client = connect_h2();
  const std::string head = h2::get(1);
  client.sends(head.substr(0, head.size() - 3));
  advance(5s);
  client.sends(head.substr(head.size() - 3, 1));
  advance(6s);
  EXPECT_EQ(client.seen().goaway_code(), 0xbU);
  EXPECT_EQ(abuses(), std::vector<std::string>{"slow_head"});
}

TEST_F(H2End, ADrainIsAnnouncedAndTakesWhatWasOnTheWay) {
  H2Client& client = connect_h2();
  client.sends(h2::get(1));
  Party& origin = accept();
  drain();
  settle();
  EXPECT_EQ(client.seen().goaway(), (std::pair<std::uint32_t, std::uint32_t>(0x7fffffff, 0)));
  ASSERT_EQ(client.seen().frames(h2::kPing).size(), 1U);
  client.sends(h2::get(3));  // was on the way
  client.sends(h2::ping(client.seen().frames(h2::kPing)[0].payload, true));
  EXPECT_EQ(client.seen().goaway(), (std::pair<std::uint32_t, std::uint32_t>(3, 0)));
  client.sends(h2::get(5));  // behind the end: ignored, and safe to be sent again
  Party& second = accept();
  EXPECT_EQ(connecting(), 0U);
  origin.sends(ok("one"));
  EXPECT_EQ(client.answer(1).body, "one");
  EXPECT_FALSE(client.party().was_told_end());
  second.sends(ok("two"));
  EXPECT_EQ(client.answer(3).body, "two");
  EXPECT_TRUE(client.party().was_told_end());
  client.party().closes();
  EXPECT_EQ(open_downstreams(), 0U);
}

TEST_F(H2End, ADrainDoesNotWaitForAClientThatAnswersNoPing) {
  H2Client& client = connect_h2();
  drain();
  advance(1100ms);
  EXPECT_EQ(client.seen().goaway(), (std::pair<std::uint32_t, std::uint32_t>(0, 0)));
  EXPECT_TRUE(client.party().was_told_end());
  advance(1100ms);
  EXPECT_FALSE(client.party().is_connected()) << "nor for its end";
}

TEST_F(H2End, AfterEnoughRequestsTheConnectionEndsInGoodOrder) {
  listener().requests_per_connection = 2;
  H2Client& client = connect_h2();
  client.sends(h2::get(1) + h2::get(3));
  Party& first = accept();
  Party& second = accept();
  EXPECT_EQ(client.seen().goaway_code(), 0U);
  first.sends(ok("one"));
  second.sends(ok("two"));
  client.sends(h2::ping(client.seen().frames(h2::kPing)[0].payload, true));
  EXPECT_EQ(client.answer(1).body, "one");
  EXPECT_EQ(client.answer(3).body, "two");
  EXPECT_TRUE(client.party().was_told_end());
}

TEST_F(H2End, AClientsGoawayLetsItsStreamsEnd) {
  H2Client& client = connect_h2();
  client.sends(h2::get(1));
  Party& origin = accept();
  client.sends(h2::frame(h2::kGoaway, 0, 0, h2::number(0) + h2::number(0)));
  origin.sends(ok("ok"));
  EXPECT_EQ(client.answer(1).body, "ok");
  EXPECT_TRUE(client.party().was_told_end());
}

TEST_F(H2End, CloseNowEndsExchangesAndConnection) {
  H2Client& client = connect_h2();
  client.sends(h2::get(1));
  Party& origin = accept();
  expect_nothing_left();
  EXPECT_FALSE(client.party().is_connected());
  EXPECT_FALSE(origin.is_connected());
}

TEST_F(H2End, ResetsAndEndsAtEveryByteLeaveNothing) {
  const std::string bytes = h2::hello() + h2::headers(1, h2::request_fields("POST", "/"), false) +
                            h2::data(1, "abc") + h2::get(3) + h2::data(1, "d", true);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Party& client = connect();
    client.sends(bytes.substr(0, cut));
    while (connecting() > 0) accept();
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
