// Latency-aware picking: who is slow is avoided, forgiven in time, and newcomers are tried without
// being flooded.
#include <gtest/gtest.h>

#include "balance/registry.h"
#include "support/fleet.h"

namespace weir::balance {
namespace {

using test::Fleet;

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1000 * kMs;

class PeakEwmaTest : public testing::Test {
 protected:
  void start() { balancer_->update(fleet_.set()); }
  void answer(std::size_t index, std::uint64_t latency_ns) {
    balancer_->observe(index, latency_ns, now_ns_);
  }
  // How many of `count` requests, one after the other, endpoint `index` gets.
  int picks_of(std::size_t index, int count) {
    int result = 0;
    for (int n = 0; n < count; ++n) result += balancer_->pick(fleet_.set(), {}) == index;
    return result;
  }

  Fleet fleet_ = Fleet::of(3);
  std::unique_ptr<Balancer> balancer_ = make_balancer("peak_ewma", 7);
  std::uint64_t now_ns_ = kSecond;
};

TEST_F(PeakEwmaTest, AvoidsTheSlowest) {
  start();
  answer(0, 5 * kMs);
  answer(1, 50 * kMs);
  answer(2, 6 * kMs);
  EXPECT_EQ(picks_of(1, 1000), 0);
  EXPECT_GT(picks_of(0, 1000), picks_of(2, 1000));
}

TEST_F(PeakEwmaTest, ASlowAnswerCountsAtOnceAndAFastOneSlowly) {
  start();
  for (std::size_t i = 0; i < 3; ++i) answer(i, 10 * kMs);
  answer(1, 200 * kMs);
  EXPECT_EQ(picks_of(1, 1000), 0);
  now_ns_ += 10 * kMs;
  answer(1, kMs);
  EXPECT_EQ(picks_of(1, 1000), 0) << "one fast answer does not make up for it";
}

TEST_F(PeakEwmaTest, IsForgivenWhenNothingWasHeardForLong) {
  start();
  for (std::size_t i = 0; i < 3; ++i) answer(i, 10 * kMs);
  answer(1, 200 * kMs);
  for (int second = 0; second < 60; ++second) {
    now_ns_ += kSecond;
    answer(0, 10 * kMs);
    answer(2, 10 * kMs);
  }
  EXPECT_GT(picks_of(1, 1000), 500);
}

TEST_F(PeakEwmaTest, LoadCountsTimesLatency) {
  start();
  for (std::size_t i = 0; i < 3; ++i) answer(i, 10 * kMs);
  answer(1, 20 * kMs);
  for (int n = 0; n < 2; ++n) {
    fleet_[0].begin_request();
    fleet_[2].begin_request();
  }
  EXPECT_GT(picks_of(1, 1000), 600) << "1 request of 20 ms is less than 3 of 10 ms";
}

TEST_F(PeakEwmaTest, ANewcomerIsTriedButNotFlooded) {
  start();
  for (std::size_t i = 0; i < 3; ++i) answer(i, 10 * kMs);
  fleet_.add(1);
  balancer_->update(fleet_.set());
  EXPECT_GT(picks_of(3, 1000), 400) << "in every second pair, and idle";
  for (int n = 0; n < 3; ++n) fleet_[3].begin_request();
  EXPECT_EQ(picks_of(3, 1000), 0) << "busy, and nothing heard of it yet";
}

TEST_F(PeakEwmaTest, WhatIsKnownMovesWithTheEndpoint) {
  start();
  answer(0, 5 * kMs);
  answer(1, 5 * kMs);
  answer(2, 50 * kMs);
  fleet_.remove(0);
  balancer_->update(fleet_.set());
  EXPECT_EQ(picks_of(1, 1000), 0) << "the slow one is now the second";
}

TEST_F(PeakEwmaTest, ObservationsOfNobodyAndOldOnesAreHarmless) {
  start();
  answer(99, kMs);
  answer(kNoEndpoint, kMs);
  answer(0, 10 * kMs);
  now_ns_ -= kMs;
  answer(0, 10 * kMs);
  EXPECT_GT(picks_of(1, 100), 0);
}

}  // namespace
}  // namespace weir::balance
