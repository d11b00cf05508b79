// Weighted rendezvous hashing: each endpoint draws a lot from the key and its own identity, the
// best lot for its weight wins. Shares follow the weights; when an endpoint goes, only its own keys
// move, spread over the rest by weight; when one comes or grows, keys move only to it. O(n) a
// question, so large sets remember the answers (consistent_hash.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "balance/roster.h"

namespace weir::balance {

class Rendezvous {
 public:
  // Takes part: `seats`; `ids` holds the identity of every endpoint of the set. Allocates only when
  // the set has grown.
  void rebuild(std::span<const Seat> seats, std::span<const std::uint64_t> ids);

  // The index of the key's endpoint among those not tried, kNoEndpoint when there is none.
  std::size_t winner(std::uint64_t key, const PickContext& context) const;

 private:
  struct Contender {
    std::uint64_t id;
    double share;  // 1 / weight
    std::uint32_t index;
  };

  std::size_t highest_lot(std::uint64_t key) const;
  std::size_t highest_lot_untried(std::uint64_t key, const PickContext& context) const;
  std::size_t lowest_score(std::uint64_t key, const PickContext& context) const;

  std::vector<Contender> contenders_;
  bool equal_weights_ = true;
};

}  // namespace weir::balance
