// One after the other in file order, whatever the weights (0 still takes nothing). Starts at a
// random endpoint, so that the workers of many processes do not all begin with the first; goes on
// behind the last pick when endpoints change. While an endpoint starts slowly, turns follow the
// shares.
#include <vector>

#include "balance/registry.h"
#include "balance/roster.h"
#include "balance/turns.h"

namespace weir::balance {

class RoundRobin final : public Balancer {
 public:
  explicit RoundRobin(std::uint64_t seed) : random_(seed), turns_(seed) {}

  void update(EndpointSet endpoints) override {
    roster_.rebuild(endpoints);
    shares_.reserve(endpoints.size());
    turns_.rebuild({}, endpoints.size());
    resume(endpoints.size());
  }

  std::size_t pick(EndpointSet endpoints, const PickContext& context) override {
    if (roster_.refresh(endpoints)) resume(endpoints.size());
    if (roster_.warming()) return pick_by_share(context);
    // At most 65 rounds: only the first 64 endpoints can be tried ones.
    for (std::size_t left = roster_.size(); left > 0; --left) {
      const std::size_t index = roster_[next_].index;
      next_ = next_ + 1 == roster_.size() ? 0 : next_ + 1;
      if (tried(context, index)) continue;
      from_ = index + 1;
      return index;
    }
    return kNoEndpoint;
  }

 private:
  std::size_t pick_by_share(const PickContext& context) {
    const std::size_t position = turns_.next(context);
    if (position == kNoEndpoint) return kNoEndpoint;
    from_ = roster_[position].index + 1;
    return roster_[position].index;
  }

  void resume(std::size_t set_size) {
    if (roster_.warming()) {
      shares_.clear();
      for (const Seat& seat : roster_.seats()) shares_.push_back({seat.index, seat.share});
      turns_.rebuild(shares_, set_size);
    }
    if (!begun_ && roster_.size() > 0) {
      from_ = roster_[random_.below(static_cast<std::uint32_t>(roster_.size()))].index;
      begun_ = true;
    }
    next_ = roster_.position_from(from_);
  }

  Roster roster_;
  Random random_;
  std::size_t next_ = 0;  // position in the roster
  std::size_t from_ = 0;  // the index behind the last pick
  bool begun_ = false;
  std::vector<Seat> shares_;  // with shares for weights
  Turns turns_;               // of those
};

template <>
Algorithm describe<RoundRobin>() {
  return {.name = {}, .traits = {.by_weight = false, .exact = true}, .make = make<RoundRobin>};
}

}  // namespace weir::balance
