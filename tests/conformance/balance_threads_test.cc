// Health, states, weights and counts change on other threads while a worker picks: every algorithm
// keeps answering with endpoints of the set. Mostly for the thread sanitizer, which sees what an
// answer does not show.
#include <atomic>
#include <thread>

#include "balance_fixture.h"

namespace weir::balance {
namespace {

using test::Fleet;

class Threads : public BalanceConformance {};
INSTANTIATE_TEST_SUITE_P(All, Threads, testing::ValuesIn(algorithms()), algorithm_test_name);

TEST_P(Threads, PicksStayInTheSetWhileOthersChangeIt) {
  Fleet fleet = Fleet::of(20, 3);
  const auto balancer = make(fleet);
  std::atomic<bool> stop{false};
  std::thread changer([&] {
    for (std::uint32_t n = 0; !stop; ++n) {
      // Endpoint 0 is left alone, so that there always is one to pick.
      Endpoint& endpoint = fleet[1 + n % 19];
      endpoint.set_healthy(n % 3 != 0);
      endpoint.set_weight(n % 5);
      endpoint.set_state(n % 7 == 0 ? EndpointState::draining : EndpointState::active);
      endpoint.begin_request();
      endpoint.end_request();
    }
  });
  std::size_t outside = 0;
  for (std::uint64_t n = 0; n < 20'000; ++n) {
    if (balancer->pick(fleet.set(), request(n)) >= fleet.size()) ++outside;
  }
  stop = true;
  changer.join();
  EXPECT_EQ(outside, 0U);

  // What the last change left is what the next picks see.
  for (std::size_t i = 1; i < fleet.size(); ++i) fleet[i].set_weight(0);
  EXPECT_EQ(balancer->pick(fleet.set(), request(1)), 0U);
}

}  // namespace
}  // namespace weir::balance
