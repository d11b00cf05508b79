// Bucket edges: bounds are inclusive, and the quick search agrees with the plain one everywhere.
#include "observe/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace weir::observe {
namespace {

std::size_t plain_search(std::uint64_t value) {
  const auto at = std::lower_bound(kBucketBounds.begin(), kBucketBounds.end(), value);
  return static_cast<std::size_t>(at - kBucketBounds.begin());
}

TEST(Histogram, BoundsAreInclusive) {
  EXPECT_EQ(bucket_of(0), 0u);
  for (std::size_t i = 0; i < kBucketBounds.size(); ++i) {
    EXPECT_EQ(bucket_of(kBucketBounds[i] - 1), i);
    EXPECT_EQ(bucket_of(kBucketBounds[i]), i);
    EXPECT_EQ(bucket_of(kBucketBounds[i] + 1), i + 1);
  }
  EXPECT_EQ(bucket_of(~std::uint64_t{0}), kBuckets - 1);
}

TEST(Histogram, AgreesWithThePlainSearch) {
  Random random(1);
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t value = random.next() >> random.below(64);
    ASSERT_EQ(bucket_of(value), plain_search(value)) << value;
  }
}

TEST(Histogram, NamesAreTheBoundsInSeconds) {
  for (std::size_t i = 0; i < kBucketBounds.size(); ++i) {
    const double seconds = std::stod(std::string(kBucketNames[i]));
    EXPECT_DOUBLE_EQ(seconds * 1e9, static_cast<double>(kBucketBounds[i]));
  }
  EXPECT_EQ(kBucketNames.back(), "+Inf");
}

}  // namespace
}  // namespace weir::observe
