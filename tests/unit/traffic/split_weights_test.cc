// The one thing about a split that changes while workers read it: a reader sees the old weights or
// the new ones, never some of each. Bounded by counts, for the race detector too.
#include "traffic/split_weights.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace weir::traffic {
namespace {

constexpr std::uint32_t kMost = limits::kVariantWeight;

Weights all_of(std::uint32_t weight) {
  Weights weights;
  weights.of.fill(weight);
  return weights;
}

TEST(SplitWeights, ReadsWhatWasSet) {
  Weights weights;
  for (std::size_t i = 0; i < weights.of.size(); ++i) weights.of[i] = static_cast<std::uint32_t>(i);
  SplitWeights shared(weights);
  EXPECT_EQ(shared.get(), weights);
  shared.set(all_of(kMost));
  EXPECT_EQ(shared.get(), all_of(kMost));
}

TEST(SplitWeights, ReadsAsManyAsAskedFor) {
  const SplitWeights shared(all_of(9));
  const Weights two = shared.get(2);
  EXPECT_EQ(two[0], 9U);
  EXPECT_EQ(two[1], 9U);
  EXPECT_EQ(two[2], 0U);
}

TEST(SplitWeights, AReaderNeverSeesAMixture) {
  constexpr int kReads = 100'000;
  SplitWeights shared(all_of(0));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (std::uint32_t next = 1; !done.load(std::memory_order_relaxed); ++next) {
      shared.set(all_of(next));
      for (int i = 0; i < 8; ++i) EXPECT_EQ(shared.get()[0], next);  // leaves readers their chance
    }
  });
  std::uint32_t last = 0;
  std::uint32_t mixed = 0, backwards = 0;
  for (int i = 0; i < kReads; ++i) {
    const Weights seen = shared.get();
    if (seen != all_of(seen[0])) ++mixed;
    if (seen[0] < last) ++backwards;
    last = seen[0];
  }
  done.store(true, std::memory_order_relaxed);
  writer.join();
  EXPECT_EQ(mixed, 0U);
  EXPECT_EQ(backwards, 0U);
}

}  // namespace
}  // namespace weir::traffic
