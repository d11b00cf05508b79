// No algorithm allocates in pick(), at any size and through changes of health: this program's
// operator new counts.

#include "balance_fixture.h"
#include "support/allocation_count.h"

namespace weir::balance {
namespace {

using test::Fleet;

class Allocation : public BalanceConformance {};
INSTANTIATE_TEST_SUITE_P(All, Allocation, testing::ValuesIn(algorithms()), algorithm_test_name);

TEST_P(Allocation, TheCounterCounts) {
  const std::size_t before = test::allocations();
  make(Fleet({1}));
  EXPECT_GT(test::allocations(), before);
}

TEST_P(Allocation, PickingAllocatesNothing) {
  for (std::size_t size : {1U, 3U, 40U, 1000U}) {
    Fleet fleet;
    for (std::size_t i = 0; i < size; ++i) fleet.add(static_cast<std::uint32_t>(1 + i % 4));
    for (int i = 0; i < 3; ++i) fleet.add(1, true);
    const auto balancer = make(fleet);
    std::uint64_t now_ns = 1;

    const std::size_t before = test::allocations();
    for (std::uint64_t n = 0; n < 2000; ++n) {
      PickContext context = request(n);
      context.has_key = n % 5 != 0;
      context.tried = n % 7 == 0 ? 0b1011 : 0;
      const std::size_t index = balancer->pick(fleet.set(), context);
      if (index != kNoEndpoint) balancer->observe(index, 1'000'000, now_ns += 1000);
      fleet[n % fleet.size()].set_healthy(n % 3 == 0);
      fleet[n % fleet.size()].set_weight(static_cast<std::uint32_t>(n % 11));
    }
    EXPECT_EQ(test::allocations(), before) << size << " endpoints";
  }
}

}  // namespace
}  // namespace weir::balance
