// The one thing about a split that changes while workers read it: a reader sees the old weights or
// the new ones, never some of each. Bounded by counts, for the race detector too.
#include "traffic/split_weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <span>
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
  constexpr std::size_t kReads = 100'000;
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
  for (std::size_t i = 0; i < kReads; ++i) {
    const std::size_t variants = 2 + i % (limits::kVariants - 1);  // few are read in an instant
    const Weights seen = shared.get(variants);
    if (std::ranges::any_of(std::span(seen.of).first(variants),
                            [&](std::uint32_t weight) { return weight != seen[0]; })) {
      ++mixed;
    }
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
