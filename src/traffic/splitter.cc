// Assignment by point: exact integer arithmetic for two variants, an exponential race for more.
#include "traffic/splitter.h"

#include <limits>

#include "base/hash.h"
#include "base/race.h"

namespace weir::traffic {

Splitter::Splitter(std::span<const config::Variant> variants) {
  for (const config::Variant& variant : variants) ids_.push_back(hash64(variant.name));
}

std::size_t Splitter::variant_of(Point point, const Weights& weights) const {
  if (ids_.size() == 2) {
    const std::uint64_t sum = std::uint64_t{weights[0]} + weights[1];
    return in_low_share(point, weights[1], sum) ? 1 : 0;
  }
  return ids_.size() == 1 ? 0 : earliest(point, weights);
}

std::size_t Splitter::earliest(Point point, const Weights& weights) const {
  std::size_t winner = 0;
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    if (weights[i] == 0) continue;
    const double time = race_time(mix64(ids_[i], point), 1.0 / weights[i], best);
    if (time >= best) continue;
    best = time;
    winner = i;
  }
  return winner;
}

}  // namespace weir::traffic
