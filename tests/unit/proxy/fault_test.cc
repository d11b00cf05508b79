// Faults at places chosen by seeds: whatever breaks, the exchange ends by itself in bounded time,
// leaves one record, and nothing else.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::Party;
using namespace std::chrono_literals;

constexpr std::string_view kRequest =
    "PUT /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n";
constexpr std::size_t kLength = 400;  // more than either message as it is sent on

void play(std::uint64_t seed, const net::FaultPlan& to_client, const net::FaultPlan& to_origin) {
  SCOPED_TRACE(seed);
  test::Scenario scenario;
  Party& client = scenario.connect(to_client);
  client.sends(kRequest, 1 + seed % 40);
  std::size_t deliveries = 0;
  while (scenario.connecting() > 0) {
    Party& origin = scenario.accept(to_origin);
    origin.sends(kResponse, 1 + seed % 30);
    ++deliveries;
  }
  EXPECT_LE(deliveries, 1U) << "what was sent of a PUT is not sent again";
  scenario.advance(200s);
  EXPECT_EQ(scenario.in_flight(), 0U);
  EXPECT_EQ(scenario.open_downstreams(), 0U) << "every wait is bounded";
  EXPECT_LE(scenario.records().size(), 1U);
  scenario.expect_nothing_left();
}

TEST(Faults, OnTheWayToTheClientAreSurvived) {
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    play(seed, net::FaultPlan::random(seed, kLength), {});
}

TEST(Faults, OnTheWayToTheOriginAreSurvived) {
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    play(seed, {}, net::FaultPlan::random(seed, kLength));
}

TEST(Faults, OnBothWaysAreSurvived) {
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    play(seed, net::FaultPlan::random(seed, kLength), net::FaultPlan::random(~seed, kLength));
}

}  // namespace
}  // namespace weir::proxy
