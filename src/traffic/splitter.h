// Which variant a point belongs to, given the weights. Pure and the same on every worker, restart
// and replica: it depends on the point, the weights and the variants' names, and on nothing else.
// Immutable, shared by all workers; asked by Split, never allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <weir/config.h>

#include "traffic/share.h"
#include "traffic/split_weights.h"

namespace weir::traffic {

class Splitter {
 public:
  explicit Splitter(std::span<const config::Variant> variants);

  std::size_t size() const { return ids_.size(); }

  // The index of the variant, in file order. At least one weight is not 0.
  //
  // Two variants: the second owns the low end of the ring, so that a growing weight only moves new
  // users in, and the newest leave first. Three and more: weighted rendezvous, so that only the
  // variant that grew gains. Either way a variant's share is its weight over the sum, exactly none
  // at 0 and all of it when it is the only one.
  std::size_t variant_of(Point point, const Weights& weights) const;

 private:
  std::size_t earliest(Point point, const Weights& weights) const;

  std::vector<std::uint64_t> ids_;  // hashes of the names: the order in the file does not matter
};

}  // namespace weir::traffic
