// The power of two choices: draw two endpoints by weight, take the one that costs less. Nearly as
// good as asking all, at the price of two, and without the herd that follows whoever looks best on
// stale numbers. Shared by the algorithms that differ only in what they count as cost.
#pragma once

#include "balance/roster.h"
#include "base/random.h"

namespace weir::balance {

// Another position than `first`, kNoEndpoint if none turns up. With unequal weights a few draws are
// enough: when one endpoint outweighs the rest so far that all of them hit it, it is the right
// answer by weight.
inline std::size_t draw_other(const Roster& roster, Random& random, const PickContext& context,
                              std::size_t first) {
  constexpr int kDraws = 8;
  if (roster.equal_weights() && context.tried == 0) {
    const std::size_t position = random.below(static_cast<std::uint32_t>(roster.size() - 1));
    return position < first ? position : position + 1;
  }
  for (int i = 0; i < kDraws; ++i) {
    const std::size_t position = roster.draw(random, context);
    if (position != first) return position;
  }
  return kNoEndpoint;
}

// The index of the cheaper of two; on a tie the first drawn, which keeps idle shares by weight.
// less(a, b): does seat a cost strictly less than seat b?
template <class Less>
std::size_t cheaper_of_two(const Roster& roster, Random& random, const PickContext& context,
                           Less&& less) {
  const std::size_t first = roster.draw(random, context);
  if (first == kNoEndpoint) return kNoEndpoint;
  if (roster.size() == 1) return roster[first].index;
  const std::size_t second = draw_other(roster, random, context, first);
  if (second == kNoEndpoint) return roster[first].index;
  return less(roster[second], roster[first]) ? roster[second].index : roster[first].index;
}

}  // namespace weir::balance
