// The weights of one split while it runs: the only thing about traffic that changes without a new
// snapshot. Written by the supervisor's thread alone (admin API), read by every worker once a
// request; a reader sees one whole set of weights, never a mixture. Belongs to the closed list of
// shared mutable state in ARCHITECTURE.md; outlives the snapshots that share it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <weir/limits.h>

#include "base/versioned_words.h"

namespace weir::traffic {

// As many as there are variants, in file order; the rest is 0.
struct Weights {
  std::array<std::uint32_t, limits::kVariants> of{};

  std::uint32_t operator[](std::size_t variant) const { return of[variant]; }
  bool operator==(const Weights&) const = default;
};

class alignas(64) SplitWeights {
 public:
  explicit SplitWeights(const Weights& weights) { set(weights); }
  SplitWeights(const SplitWeights&) = delete;
  SplitWeights& operator=(const SplitWeights&) = delete;

  // From when it returns, every decision that begins sees the new weights. One thread.
  void set(const Weights& weights) { words_.set(weights.of); }

  Weights get(std::size_t variants = limits::kVariants) const { return {words_.get(variants)}; }

 private:
  VersionedWords<std::uint32_t, limits::kVariants> words_;
};

}  // namespace weir::traffic
