// How bytes are cut into reads changes nothing: every message pair is cut at every place, on either
// side, and byte by byte, and both ends must get the same messages each time.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::HttpText;
using test::Party;

struct Pair {
  std::string_view name;
  std::string_view request;
  std::string_view response;
  bool closes = false;    // the origin closes after its response
  bool bodiless = false;  // HEAD
};

struct Heard {
  HttpText request;
  HttpText interim;
  HttpText response;
  bool origin_is_kept = false;
  bool operator==(const Heard&) const = default;
};

using Sending = std::function<void(Party&, std::string_view)>;

// One fresh world per exchange, with the same seed, so that ids agree too.
Heard play(const Pair& pair, const Sending& client_sends, const Sending& origin_sends) {
  test::Scenario scenario;
  Party& client = scenario.connect();
  client_sends(client, pair.request);
  Party& origin = scenario.accept();
  Heard heard{.request = origin.receives()};
  origin_sends(origin, pair.response);
  heard.origin_is_kept = origin.is_connected();
  if (pair.closes) origin.closes();
  if (pair.response.starts_with("HTTP/1.1 1")) heard.interim = client.receives();
  heard.response = pair.bodiless ? client.receives_bodiless() : client.receives();
  EXPECT_EQ(client.receives_bytes(), "");
  scenario.expect_nothing_left();
  return heard;
}

void at_once(Party& party, std::string_view bytes) {
  party.sends(bytes);
}
void by_bytes(Party& party, std::string_view bytes) {
  party.sends(bytes, 1);
}
Sending cut_at(std::size_t place) {
  return [place](Party& party, std::string_view bytes) {
    party.sends(bytes.substr(0, place));
    party.sends(bytes.substr(place));
  };
}

std::string name_of_pair(const testing::TestParamInfo<Pair>& tested) {
  return std::string(tested.param.name);
}

class Split : public testing::TestWithParam<Pair> {};

TEST_P(Split, ChangesNothing) {
  const Pair& pair = GetParam();
  const Heard whole = play(pair, at_once, at_once);
  EXPECT_TRUE(whole.request.whole);
  EXPECT_NE(whole.response.start, "");
  for (std::size_t at = 1; at < pair.request.size(); ++at) {
    ASSERT_EQ(play(pair, cut_at(at), at_once), whole) << "request cut at " << at;
  }
  for (std::size_t at = 1; at < pair.response.size(); ++at) {
    ASSERT_EQ(play(pair, at_once, cut_at(at)), whole) << "response cut at " << at;
  }
  EXPECT_EQ(play(pair, by_bytes, at_once), whole);
  EXPECT_EQ(play(pair, at_once, by_bytes), whole);
  EXPECT_EQ(play(pair, by_bytes, by_bytes), whole);
}

INSTANTIATE_TEST_SUITE_P(
    Pairs, Split,
    testing::Values(
        Pair{"get", "GET /a?b=c HTTP/1.1\r\nHost: a.test\r\nConnection: x\r\nX: hop\r\n\r\n",
             "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=9\r\nContent-Length: 5\r\n\r\nhello"},
        Pair{"post_length", "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 7\r\n\r\ncontent",
             "HTTP/1.1 201 Created\r\nLocation: /1\r\nContent-Length: 0\r\n\r\n"},
        Pair{"chunked",
             "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
             "4\r\nabcd\r\n2;x=y\r\nef\r\n0\r\nX-Sum: 1\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
             "3\r\nabc\r\n0a\r\n0123456789\r\n0\r\nX-Check: 2\r\n\r\n"},
        Pair{"head", "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n", false, true},
        Pair{"interim", "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
             "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
        Pair{"until_close", "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
             "HTTP/1.1 200 OK\r\nX: y\r\n\r\nas long as it lasts", true},
        Pair{"old_client", "GET / HTTP/1.0\r\nHost: a.test\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"}),
    name_of_pair);

TEST(CutRequest, IsNeverCompleteAtTheOrigin) {
  constexpr std::string_view kRequests[] = {
      "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 7\r\n\r\ncontent",
      "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: "
      "chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"};
  for (std::string_view request : kRequests) {
    for (std::size_t at = 1; at < request.size(); ++at) {
      test::Scenario scenario;
      Party& client = scenario.connect();
      client.sends(request.substr(0, at));
      HttpText seen;
      if (scenario.connecting() > 0) {
        Party& origin = scenario.accept();
        client.closes();
        seen = origin.receives();
        EXPECT_FALSE(origin.is_connected());
      }
      EXPECT_FALSE(seen.whole) << request << " cut at " << at;
      scenario.expect_nothing_left();
    }
  }
}

TEST(CutResponse, IsNeverCompleteAtTheClient) {
  constexpr std::string_view kResponses[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ncontent",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\nX: y\r\n\r\n"};
  for (std::string_view response : kResponses) {
    for (std::size_t at = 0; at < response.size(); ++at) {
      test::Scenario scenario;
      Party& client = scenario.connect();
      client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\n\r\nx");
      Party& origin = scenario.accept();
      origin.sends(response.substr(0, at));
      origin.closes();
      const HttpText seen = client.receives();
      if (seen.status() == 502) {
        EXPECT_TRUE(seen.whole);
        EXPECT_TRUE(client.is_connected());
      } else {
        EXPECT_FALSE(seen.whole) << response << " cut at " << at;
        EXPECT_TRUE(client.was_reset());
      }
      scenario.expect_nothing_left();
    }
  }
}

}  // namespace
}  // namespace weir::proxy
