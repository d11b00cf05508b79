// With u the lot as a number in (0, 1), the least -ln(u)/weight wins: an exponential race, won with
// probability weight/sum. With equal weights that is the greatest u, and no logarithm is needed;
// both agree where both apply.
#include "balance/rendezvous.h"

#include <limits>

#include "base/hash.h"
#include "base/race.h"

namespace weir::balance {
void Rendezvous::rebuild(std::span<const Seat> seats, std::span<const std::uint64_t> ids) {
  contenders_.clear();
  contenders_.reserve(ids.size());
  equal_weights_ = true;
  for (const Seat& seat : seats) {
    contenders_.push_back({ids[seat.index], 1.0 / static_cast<double>(seat.weight), seat.index});
    equal_weights_ = equal_weights_ && seat.weight == seats.front().weight;
  }
}

std::size_t Rendezvous::winner(std::uint64_t key, const PickContext& context) const {
  if (!equal_weights_) return lowest_score(key, context);
  return context.tried == 0 ? highest_lot(key) : highest_lot_untried(key, context);
}

// Without the question who was tried this compiles to conditional moves; mispredicted branches
// would double its price.
std::size_t Rendezvous::highest_lot(std::uint64_t key) const {
  std::size_t best = contenders_.empty() ? kNoEndpoint : contenders_.front().index;
  std::uint64_t best_lot = 0;
  for (const Contender& contender : contenders_) {
    const std::uint64_t lot = mix64(contender.id, key);
    best = lot > best_lot ? contender.index : best;
    best_lot = lot > best_lot ? lot : best_lot;
  }
  return best;
}

std::size_t Rendezvous::highest_lot_untried(std::uint64_t key, const PickContext& context) const {
  std::size_t best = kNoEndpoint;
  std::uint64_t best_lot = 0;
  for (const Contender& contender : contenders_) {
    const std::uint64_t lot = mix64(contender.id, key);
    if ((lot <= best_lot && best != kNoEndpoint) || tried(context, contender.index)) continue;
    best = contender.index;
    best_lot = lot;
  }
  return best;
}

std::size_t Rendezvous::lowest_score(std::uint64_t key, const PickContext& context) const {
  std::size_t best = kNoEndpoint;
  double best_score = std::numeric_limits<double>::infinity();
  for (const Contender& contender : contenders_) {
    const double score = race_time(mix64(contender.id, key), contender.share, best_score);
    if (score >= best_score || tried(context, contender.index)) continue;
    best = contender.index;
    best_score = score;
  }
  return best;
}

}  // namespace weir::balance
