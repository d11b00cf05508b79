// Connections of each address: never more than the limit, given back exactly, over any number of
// threads.
#include "proxy/address_counts.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace weir::proxy {
namespace {

using Place = AddressCounts::Place;

class Addresses : public testing::Test {
 protected:
  std::optional<Place> enter(std::string_view address, std::uint32_t limit = 2) {
    return AddressCounts::enter(table_, parse_ip(address).value(), limit);
  }
  static IpAddress numbered(std::uint32_t number) {
    IpAddress ip = parse_ip("10.0.0.0").value();
    for (std::size_t i = 0; i < 3; ++i) {
      ip.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
    return ip;
  }

  std::shared_ptr<AddressCounts> table_ = std::make_shared<AddressCounts>(7);
};

TEST_F(Addresses, EachHasItsLimit) {
  const auto first = enter("192.0.2.1");
  auto second = enter("192.0.2.1");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(enter("192.0.2.1"));
  EXPECT_TRUE(enter("192.0.2.2"));
  second->leave();
  const auto third = enter("192.0.2.1");
  EXPECT_TRUE(third);
  EXPECT_FALSE(enter("192.0.2.1"));
  EXPECT_TRUE(enter("192.0.2.1", 3)) << "a reload may allow more";
}

TEST_F(Addresses, OfIpv6TheNetworkCounts) {
  const auto first = enter("2001:db8:0:1::1", 1);
  EXPECT_FALSE(enter("2001:db8:0:1:ffff::2", 1));
  EXPECT_TRUE(enter("2001:db8:0:2::1", 1));
}

TEST_F(Addresses, APlaceIsGivenBackOnceHoweverItMoves) {
  {
    auto first = enter("192.0.2.1", 1);
    Place moved = *std::move(first);
    first.reset();
    EXPECT_FALSE(enter("192.0.2.1", 1));
    moved.leave();
    moved.leave();
    EXPECT_TRUE(enter("192.0.2.1", 1));
  }
  const auto again = enter("192.0.2.1", 1);
  EXPECT_TRUE(again);
  EXPECT_FALSE(enter("192.0.2.1", 1));
}

TEST_F(Addresses, ConnectionsOutliveTheTable) {
  const auto place = enter("192.0.2.1");
  table_.reset();
  EXPECT_TRUE(place);
}

TEST_F(Addresses, ManyHavePlacesAndTheRestIsLetIn) {
  std::vector<Place> places;
  std::uint32_t uncounted = 0;
  for (std::uint32_t i = 0; i < limits::kCountedAddresses / 2; ++i) {
    places.push_back(*AddressCounts::enter(table_, numbered(i), 1));
    uncounted += AddressCounts::enter(table_, numbered(i), 1).has_value() ? 1 : 0;
  }
  EXPECT_LT(uncounted, limits::kCountedAddresses / 50);
  for (std::uint32_t i = 0; i < 4 * limits::kCountedAddresses; ++i) {
    auto place = AddressCounts::enter(table_, numbered(1'000'000 + i), 1);
    ASSERT_TRUE(place);
    places.push_back(*std::move(place));
  }
}

TEST_F(Addresses, ThreadsTogetherStayWithinTheLimitAndGiveAllBack) {
  const auto held = enter("192.0.2.1", 5);  // the address has its place
  std::atomic<int> open{1}, most{0}, refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        const auto first = enter("192.0.2.1", 5);
        const auto second = enter("192.0.2.1", 5);
        const int mine = (first ? 1 : 0) + (second ? 1 : 0);
        refused += 2 - mine;
        const int now = open.fetch_add(mine) + mine;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
        open -= mine;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 5);
  std::vector<Place> rest;
  for (int i = 0; i < 4; ++i) rest.push_back(*enter("192.0.2.1", 5));
  EXPECT_FALSE(enter("192.0.2.1", 5));
}

}  // namespace
}  // namespace weir::proxy
