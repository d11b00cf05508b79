// Flow control and slow clients on HTTP/2: what waits is bounded, a stream that waits does not hold
// up others, and who takes nothing is given up.
#include <gtest/gtest.h>

#include <string>

#include "h2_scenario.h"

namespace weir::proxy {
namespace {

using test::H2Client;
using test::Party;
namespace h2 = test::h2;
using namespace std::chrono_literals;

class H2Flow : public test::H2Test {
 protected:
  static std::string content(std::size_t size) {
    std::string bytes;
    while (bytes.size() < size) bytes += std::to_string(bytes.size()) + ";";
    bytes.resize(size);
    return bytes;
  }
  // In frames of the usual size.
  static std::string data(std::int32_t stream, std::string_view bytes, bool end) {
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 16384) {
      const std::string_view piece = bytes.substr(at, 16384);
      out += h2::data(stream, piece, end && at + piece.size() == bytes.size());
    }
    return out;
  }
};

TEST_F(H2Flow, AResponseStopsAtTheWindowAndGoesOn) {
  H2Client& client = connect_h2({{kInitialWindow, 1000}});
  client.sends(h2::get(1));
  const std::string body = content(5000);
  accept().sends(ok(body));
  EXPECT_EQ(client.answer(1).body, body.substr(0, 1000));
  EXPECT_FALSE(client.answer(1).ended);
  client.sends(h2::window_update(1, 3000));
  EXPECT_EQ(client.answer(1).body, body.substr(0, 4000));
  client.sends(h2::window_update(1, 1000));
  EXPECT_EQ(client.answer(1).body, body);
  EXPECT_TRUE(client.answer(1).ended);
}

TEST_F(H2Flow, AStreamWithoutWindowDoesNotHoldUpOthers) {
  H2Client& client = connect_h2({{kInitialWindow, 10}});
  client.sends(h2::get(1) + h2::get(3));
  Party& first = accept();
  Party& second = accept();
  first.sends(ok(content(200)));
  second.sends(ok("short"));
  EXPECT_EQ(client.answer(3).body, "short");
  EXPECT_EQ(client.answer(1).body.size(), 10U);
}

TEST_F(H2Flow, AWindowThatStaysShutPausesTheOriginAndLosesNothing) {
  H2Client& client = connect_h2();
  client.sends(h2::get(1));
  Party& origin = accept();
  const std::string body = content(1024 * 1024);
  origin.sends(ok(body), limits::kReceiveBuffer);
  EXPECT_FALSE(origin.is_read());
  EXPECT_EQ(client.answer(1).body.size(), 65535U);
  const std::size_t held = body.size() - origin.unread() - 65535;
  EXPECT_GT(held, limits::kH2StreamHigh);
  EXPECT_LE(held, limits::kH2StreamHigh + 2 * limits::kReceiveBuffer);
  client.sends(h2::window_update(0, 2'000'000) + h2::window_update(1, 2'000'000));
  EXPECT_TRUE(origin.is_read());
  EXPECT_EQ(client.answer(1).body, body);
  EXPECT_TRUE(client.answer(1).ended);
  EXPECT_TRUE(origin.is_connected());
}

TEST_F(H2Flow, AClientThatDoesNotReadPausesEverything) {
  H2Client& client = connect_h2({{kInitialWindow, 10'000'000}}, {.window = 64 * 1024});
  client.sends(h2::window_update(0, 20'000'000) + h2::get(1));
  Party& origin = accept();
  client.party().stops_reading();
  const std::string body = content(2 * 1024 * 1024);
  origin.sends(ok(body), limits::kReceiveBuffer);
  EXPECT_FALSE(origin.is_read());
  EXPECT_FALSE(client.party().is_read()) << "nor are its own frames answered without end";
  EXPECT_LE(body.size() - origin.unread(), 1024U * 1024);
  client.party().reads_on();
  EXPECT_EQ(client.answer(1).body, body);
  EXPECT_TRUE(client.party().is_read());
}

TEST_F(H2Flow, TheWindowOpensAsContentIsTaken) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, h2::request_fields("PUT", "/"), false));
  Party& origin = accept();
  const std::string body = content(256 * 1024);
  for (std::size_t at = 0; at < body.size(); at += 32 * 1024) {
    const bool last = at + 32 * 1024 == body.size();
    client.sends(data(1, std::string_view(body).substr(at, 32 * 1024), last));
  }
  EXPECT_EQ(origin.receives().body, body);
  EXPECT_GE(client.seen().opened(1), body.size() - 64 * 1024);
  EXPECT_FALSE(client.seen().goaway());
  origin.sends(ok("ok"));
  EXPECT_EQ(client.answer(1).status, 200);
}

TEST_F(H2Flow, APausedUploadStopsItsStreamOnly) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, h2::request_fields("PUT", "/up"), false));
  const std::string body = content(64 * 1024);
  client.sends(data(1, body, false));  // nobody has accepted yet
  EXPECT_EQ(client.seen().opened(1), 0U);
  client.sends(h2::get(3, "/other"));
  Party& up = accept();
  Party& other = accept();
  other.sends(ok("fine"));
  EXPECT_EQ(client.answer(3).body, "fine");
  EXPECT_GT(client.seen().opened(1), 0U) << "the origin took it";
  client.sends(h2::data(1, "end", true));
  EXPECT_EQ(up.receives().body, body + "end");
}

TEST_F(H2Flow, AllThatFitsIntoALargeWindowGoesToTheOrigin) {
  listener().http2.window = listener().http2.connection_window = 1024 * 1024;
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, h2::request_fields("PUT", "/"), false));
  const std::string body = content(1000 * 1024);
  client.sends(data(1, body, true));  // nobody has accepted yet
  EXPECT_EQ(accept().receives().body, body);
}

TEST_F(H2Flow, MoreThanTheWindowIsAnErrorOfTheStream) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, h2::request_fields("PUT", "/"), false));
  client.sends(data(1, content(64 * 1024), false));  // connecting still: no window opens
  client.sends(data(1, content(1024), false));
  EXPECT_EQ(client.answer(1).reset, 3U);
  EXPECT_EQ(last_record().values.reason, Errc::malformed_request);
  client.sends(h2::get(3));
  accept().sends(ok("ok"));
  EXPECT_EQ(client.answer(3).status, 200);
}

TEST_F(H2Flow, AStreamWhoseWindowStaysShutIsReset) {
  H2Client& client = connect_h2({{kInitialWindow, 10}});
  client.sends(h2::get(1));
  Party& origin = accept();
  origin.sends(ok(content(300 * 1024)), limits::kReceiveBuffer);
  advance(20s);
  client.sends(h2::window_update(1, 5));  // too little
  advance(11s);
  EXPECT_EQ(client.answer(1).reset, 0xbU);
  EXPECT_EQ(abuses(), std::vector<std::string>{"slow_reading"});
  EXPECT_EQ(last_record().values.reason, Errc::client_idle);
  EXPECT_FALSE(origin.is_connected()) << "its answer is wanted by nobody";
  client.sends(h2::get(3));
  accept().sends(ok("ok"));
  EXPECT_EQ(client.answer(3).status, 200) << "the connection goes on";
}

TEST_F(H2Flow, AShortAnswerThatIsNeverTakenIsResetToo) {
  H2Client& client = connect_h2({{kInitialWindow, 0}});
  client.sends(h2::get(1));
  accept().sends(ok("waits"));
  EXPECT_EQ(records().size(), 1U) << "the exchange is over, its bytes are not";
  advance(31s);
  EXPECT_EQ(client.answer(1).reset, 0xbU);
}

TEST_F(H2Flow, AConnectionThatTakesNothingIsClosed) {
  H2Client& client = connect_h2({{kInitialWindow, 1'000'000}}, {.window = 1024});
  client.sends(h2::window_update(0, 1'000'000) + h2::get(1));
  client.party().stops_reading();
  accept().sends(ok(content(100 * 1024)));
  advance(31s);
  EXPECT_FALSE(client.party().is_connected());
  EXPECT_EQ(abuses().back(), "slow_reading");
}

TEST_F(H2Flow, ContentThatStopsComingIsAnswered408) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, h2::request_fields("POST", "/"), false) + h2::data(1, "a"));
  accept();
  advance(31s);
  EXPECT_EQ(client.answer(1).status, 408);
  EXPECT_EQ(client.answer(1).reset, 0U);
  EXPECT_EQ(last_record().values.reason, Errc::body_timeout);
  client.sends(h2::get(3));
  accept().sends(ok("ok"));
  EXPECT_EQ(client.answer(3).status, 200);
}

TEST_F(H2Flow, ContentThatTricklesIsAnswered408) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, h2::request_fields("POST", "/"), false));
  accept();
  for (int i = 0; i < 12 && client.answer(1).status == 0; ++i) {
    client.sends(h2::data(1, "a"));
    advance(1s);
  }
  EXPECT_EQ(client.answer(1).status, 408);
}

TEST_F(H2Flow, AClientThatWaitsForContinueIsNotSlow) {
  H2Client& client = connect_h2();
  const h2::Fields expects = {{"expect", "100-continue"}};
  client.sends(h2::headers(1, h2::request_fields("POST", "/", expects), false));
  Party& origin = accept();
  advance(25s);
  origin.sends("HTTP/1.1 100 Continue\r\n\r\n");
  client.sends(h2::data(1, "o"));
  advance(9s);
  client.sends(h2::data(1, "k", true));
  origin.sends(ok("done"));
  EXPECT_EQ(client.answer(1).status, 200);
}

TEST_F(H2Flow, TheStreamsOfAConnectionTogetherHoldNoMoreThanOneClientMay) {
  H2Client& client = connect_h2({{kInitialWindow, 0}});
  std::string requests;
  for (std::int32_t i = 0; i < 20; ++i) requests += h2::get(2 * i + 1);
  client.sends(requests);
  std::size_t unread = 0;
  const std::string response = ok(content(256 * 1024));
  for (int i = 0; i < 20; ++i) {
    Party& origin = accept();
    origin.sends(response, 16 * 1024);
    unread += origin.unread();
  }
  EXPECT_LE(20 * response.size() - unread, limits::kHighWatermark + 20 * 32 * 1024);
}

}  // namespace
}  // namespace weir::proxy
