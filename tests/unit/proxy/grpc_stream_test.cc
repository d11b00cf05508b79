// gRPC calls that are long and often silent: what may take how long, and which deadlines of other
// requests do not end them.
#include <gtest/gtest.h>

#include <string>

#include "h2_origin_scenario.h"
#include "h2_scenario.h"

namespace weir::proxy {
namespace {

using test::H2Client;
using test::H2Origin;
namespace h2 = test::h2;
using namespace std::chrono_literals;

constexpr auto kAlmostIdle = 299s;
constexpr auto kRestOfIdle = 1100ms;
constexpr std::uint32_t kInternalError = 2;

class GrpcStream : public test::H2Test {
 protected:
  GrpcStream() { cluster().protocol = config::UpstreamProtocol::http2; }

  // A client that has begun to talk and may say more.
  H2Client& talk(std::string_view type = "application/grpc") {
    H2Client& client = connect_h2();
    const h2::Fields more = {{"te", "trailers"}, {"content-type", std::string(type)}};
    client.sends(h2::headers(1, h2::request_fields("POST", "/a", more), false) + h2::data(1, "hi"));
    return client;
  }
  static std::string head() {
    return h2::headers(1, {{":status", "200"}, {"content-type", "application/grpc"}}, false);
  }
  // In steps, so that every deadline on the way has its turn.
  void pass(std::chrono::milliseconds time) {
    for (; time > 5s; time -= 5s) advance(5s);
    advance(time);
  }
  void expect_ended(Errc reason) {
    ASSERT_EQ(records().size(), 1U);
    EXPECT_EQ(last_record().values.reason, reason) << name_of(last_record().values.reason);
  }
};

TEST_F(GrpcStream, MayBeSilentWhileEitherSideSpeaksNowAndThen) {
  H2Client& client = talk();
  H2Origin origin(accept(), {});
  pass(kAlmostIdle);
  origin.sends(head());
  pass(kAlmostIdle);
  client.sends(h2::data(1, "still here"));
  EXPECT_EQ(origin.request(1).body, "histill here");
  pass(kAlmostIdle);
  origin.sends(h2::data(1, "me too"));
  EXPECT_EQ(client.answer(1).body, "me too");
  pass(kAlmostIdle);
  EXPECT_TRUE(records().empty());
  client.sends(h2::data(1, "", true));
  pass(kAlmostIdle);
  origin.sends(h2::headers(1, {{"grpc-status", "0"}}));
  EXPECT_EQ(client.answer(1).trailer("grpc-status"), "0");
  expect_ended(Errc::none);
  EXPECT_EQ(last_record().values.grpc_status, 0);
}

TEST_F(GrpcStream, EndsWhenNobodyHasSpokenForTooLong) {
  H2Client& client = talk();
  H2Origin origin(accept(), {});
  origin.sends(head());
  pass(kAlmostIdle);
  EXPECT_FALSE(client.answer(1).reset);
  pass(kRestOfIdle);
  EXPECT_EQ(client.answer(1).reset, kInternalError);
  EXPECT_TRUE(origin.request(1).reset) << "the origin is told";
  expect_ended(Errc::stream_idle);
  EXPECT_EQ(endpoint().conduct().failures(), 0U) << "and is not blamed";
}

TEST_F(GrpcStream, ThatWasNeverAnsweredEndsWithAStatus) {
  H2Client& client = talk();
  H2Origin origin(accept(), {});
  pass(kAlmostIdle + kRestOfIdle);
  EXPECT_EQ(client.answer(1).field("grpc-status"), "4");
  expect_ended(Errc::stream_idle);
  EXPECT_EQ(endpoint().conduct().failures(), 0U);
}

TEST_F(GrpcStream, AnOriginHasItsUsualTimeOnceTheClientHasSaidAll) {
  H2Client& client = talk();
  H2Origin origin(accept(), {});
  client.sends(h2::data(1, "", true));
  advance(29900ms);
  EXPECT_TRUE(records().empty());
  advance(300ms);
  EXPECT_EQ(client.answer(1).field("grpc-status"), "4");
  expect_ended(Errc::response_timeout);
}

TEST_F(GrpcStream, AnOriginThatDoesNotReadIsNotWaitedForSoLong) {
  H2Client& client = talk();
  H2Origin origin(accept(), {{kInitialWindow, 0}});
  client.sends(h2::data(1, "there is no window for this"));
  pass(31s);
  EXPECT_EQ(client.answer(1).field("grpc-status"), "4");
  expect_ended(Errc::upstream_write_timeout);
}

TEST_F(GrpcStream, OtherRequestsAreKeptToTheirPace) {
  H2Client& client = talk("application/json");
  H2Origin origin(accept(), {});
  pass(31s);
  EXPECT_EQ(client.answer(1).status, 408);
  expect_ended(Errc::body_timeout);
}

TEST_F(GrpcStream, SoAreCallsThatHoldAConnectionOfHttp1) {
  cluster().protocol = config::UpstreamProtocol::http1;
  H2Client& client = talk();
  accept();
  pass(31s);
  EXPECT_EQ(client.answer(1).field("grpc-status"), "4");
  expect_ended(Errc::body_timeout);
}

TEST_F(GrpcStream, TheRoutesTimeIsOverWhenItIs) {
  route().timeouts.request = 60s;
  H2Client& client = talk();
  H2Origin origin(accept(), {});
  origin.sends(head());
  pass(61s);
  EXPECT_TRUE(client.answer(1).reset);
  expect_ended(Errc::request_timeout);
}

}  // namespace
}  // namespace weir::proxy
