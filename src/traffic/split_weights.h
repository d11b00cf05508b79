// The weights of one split while it runs: the only thing about traffic that changes without a new
// snapshot. Written by the supervisor's thread alone (admin API), read by every worker once a
// request; a reader sees one whole set of weights, never a mixture. Belongs to the closed list of
// shared mutable state in ARCHITECTURE.md; outlives the snapshots that share it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include <weir/limits.h>

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
  void set(const Weights& weights) {
    const std::uint32_t version = version_.load(std::memory_order_relaxed);
    version_.store(version + 1, std::memory_order_relaxed);
    // Release: who sees one of the new weights sees the odd version too, and asks again.
    for (std::size_t i = 0; i < weights.of.size(); ++i) {
      weights_[i].store(weights.of[i], std::memory_order_release);
    }
    version_.store(version + 2, std::memory_order_release);
  }

  Weights get(std::size_t variants = limits::kVariants) const {
    Weights seen;
    for (;;) {
      const std::uint32_t before = version_.load(std::memory_order_acquire);
      for (std::size_t i = 0; i < variants; ++i) {
        seen.of[i] = weights_[i].load(std::memory_order_acquire);
      }
      const std::uint32_t after = version_.load(std::memory_order_relaxed);
      if (before == after && before % 2 == 0) return seen;
    }
  }

 private:
  std::atomic<std::uint32_t> version_{0};  // odd while weights are being written
  std::array<std::atomic<std::uint32_t>, limits::kVariants> weights_{};
};

}  // namespace weir::traffic
