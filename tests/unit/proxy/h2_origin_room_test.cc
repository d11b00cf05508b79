// Who gets a stream of an HTTP/2 endpoint's connections when streams are scarce: requests that wait
// at the cluster's limit are called when there is room, however it came to be, and an endpoint that
// takes none has no connections heaped upon it.
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "h2_origin_scenario.h"

namespace weir::proxy {
namespace {

namespace h2 = test::h2;
using test::H2Origin;
using test::kGet;
using test::Party;

constexpr std::uint16_t kMaxStreams = 3;  // SETTINGS_MAX_CONCURRENT_STREAMS

class Http2EndpointRoom : public test::H2OriginTest {
 protected:
  // So many clients, each with that request.
  std::vector<Party*> ask(std::size_t count, std::string_view request = kGet) {
    std::vector<Party*> clients;
    for (std::size_t i = 0; i < count; ++i) {
      clients.push_back(&connect());
      clients.back()->sends(request);
    }
    return clients;
  }
};

TEST_F(Http2EndpointRoom, WhoWaitedForADeadConnectionsSlotSharesTheNext) {
  cluster().connections.max = 1;
  route().retry.attempts = 0;
  const std::vector<Party*> first =
      ask(1, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\n\r\nx");
  H2Origin& origin = accept_h2({{kMaxStreams, 1}});
  const std::vector<Party*> waiting = ask(3);
  EXPECT_EQ(live_cluster().waiting(), 3U);
  origin.sends(h2::settings({{kMaxStreams, 1}}));
  origin.party().resets();
  EXPECT_EQ(first[0]->receives().status(), 502);
  H2Origin& fresh = accept_h2({{kMaxStreams, 100}});
  EXPECT_EQ(fresh.requests(), 3U) << "none waits for another's end";
  EXPECT_EQ(live_cluster().waiting(), 0U);
  for (std::int32_t i = 0; i < 3; ++i) fresh.answers(1 + 2 * i);
  for (Party* client : waiting) EXPECT_EQ(client->receives().body, "ok");
}

TEST_F(Http2EndpointRoom, WhoWaitsIsCalledWhenTheEndpointTakesMore) {
  cluster().connections.max = 1;
  const std::vector<Party*> first = ask(1);
  H2Origin& origin = accept_h2({{kMaxStreams, 1}});
  const std::vector<Party*> waiting = ask(3);
  EXPECT_EQ(origin.requests(), 1U);
  origin.sends(h2::settings({{kMaxStreams, 3}}));
  EXPECT_EQ(origin.requests(), 3U);
  EXPECT_EQ(live_cluster().waiting(), 1U);
  origin.answers(3);
  EXPECT_EQ(origin.requests(), 4U);
  for (const std::int32_t stream : {1, 5, 7}) origin.answers(stream);
  for (Party* client : waiting) EXPECT_EQ(client->receives().body, "ok");
  EXPECT_EQ(first[0]->receives().body, "ok");
}

TEST_F(Http2EndpointRoom, AnEndpointThatTakesNoStreamsIsAskedOnceMoreAndNotAgain) {
  Party& client = connect();
  client.sends(kGet);
  H2Origin& origin = accept_h2({{kMaxStreams, 0}});
  origin.sends(h2::rst(1, 7));
  ASSERT_EQ(connecting(), 1U);
  H2Origin& second = accept_h2({{kMaxStreams, 0}});
  EXPECT_EQ(connecting(), 0U) << "a connection for each time that there was no stream";
  EXPECT_EQ(second.requests(), 1U);
  second.sends(h2::rst(1, 7));
  EXPECT_EQ(client.receives().status(), 503);
  EXPECT_EQ(connecting(), 0U);
}

}  // namespace
}  // namespace weir::proxy
