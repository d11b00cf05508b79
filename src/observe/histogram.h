// The buckets of every duration histogram: fixed, so that series of different routes and releases
// can be added up and compared. Used by metrics (counting) and exposition (printing). Bounds are
// nanoseconds and inclusive, as Prometheus' `le` is.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::observe {

inline constexpr std::array<std::uint64_t, 15> kBucketBounds = {
    1'000'000,     2'500'000,     5'000'000,      10'000'000,     25'000'000,
    50'000'000,    100'000'000,   250'000'000,    500'000'000,    1'000'000'000,
    2'500'000'000, 5'000'000'000, 10'000'000'000, 30'000'000'000, 60'000'000'000};
inline constexpr std::size_t kBuckets = kBucketBounds.size() + 1;  // the last one is +Inf
inline constexpr std::array<std::string_view, kBuckets> kBucketNames = {
    "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
    "0.5",   "1",      "2.5",   "5",    "10",    "30",   "60",  "+Inf"};

namespace histogram_detail {
// For each bit width the bucket of the smallest number that has it: from there the right one is at
// most two away.
consteval std::array<std::uint8_t, 65> first_buckets() {
  std::array<std::uint8_t, 65> first{};
  for (std::size_t width = 1; width < first.size(); ++width) {
    const std::uint64_t smallest = std::uint64_t{1} << (width - 1);
    std::uint8_t bucket = 0;
    while (bucket < kBucketBounds.size() && smallest > kBucketBounds[bucket]) ++bucket;
    first[width] = bucket;
  }
  return first;
}
inline constexpr auto kFirstBuckets = first_buckets();
}  // namespace histogram_detail

// The bucket a duration falls into, [0, kBuckets).
constexpr std::size_t bucket_of(std::uint64_t nanoseconds) {
  std::size_t bucket =
      histogram_detail::kFirstBuckets[static_cast<std::size_t>(std::bit_width(nanoseconds))];
  while (bucket < kBucketBounds.size() && nanoseconds > kBucketBounds[bucket]) ++bucket;
  return bucket;
}

}  // namespace weir::observe
