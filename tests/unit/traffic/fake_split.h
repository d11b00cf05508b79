// Splits made of literals for the tests of traffic/: variants called stable, canary, v3 ... with
// their weights, keys by source, and the ring's points for tests that ask about many keys.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <weir/config.h>

#include "traffic/split.h"
#include "traffic/splitter.h"

namespace weir::traffic {

inline std::string variant_name(std::size_t index) {
  if (index == 0) return "stable";
  return index == 1 ? "canary" : "v" + std::to_string(index + 1);
}

inline std::vector<config::Variant> variants_of(std::initializer_list<std::uint32_t> weights) {
  std::vector<config::Variant> variants;
  for (const std::uint32_t weight : weights) {
    config::Variant variant;
    variant.name = variant_name(variants.size());
    variant.cluster = variant.name + "-cluster";
    variant.weight = weight;
    variants.push_back(std::move(variant));
  }
  return variants;
}

inline Weights weights_of(std::initializer_list<std::uint32_t> weights) {
  Weights made;
  std::size_t i = 0;
  for (const std::uint32_t weight : weights) made.of[i++] = weight;
  return made;
}

inline config::SplitKey key_of(config::KeySource source, std::string name = {}) {
  config::SplitKey key;
  key.source = source;
  key.name = std::move(name);
  return key;
}

inline config::Split split_of(std::initializer_list<std::uint32_t> weights,
                              std::vector<config::SplitKey> keys = {}) {
  config::Split split;
  split.variants = variants_of(weights);
  split.key = std::move(keys);
  return split;
}

// The points of the keys user-0, user-1 ... under that salt.
inline std::vector<Point> points_of_users(std::size_t users, std::string_view salt) {
  const config::Split settings = split_of({1, 1});
  const Split split(settings, salt);
  std::vector<Point> points;
  points.reserve(users);
  for (std::size_t i = 0; i < users; ++i) {
    points.push_back(split.point_of("user-" + std::to_string(i)));
  }
  return points;
}

}  // namespace weir::traffic
