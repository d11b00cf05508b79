// Smooth weighted round robin: in every cycle each endpoint gets exactly its weight, spread over
// the cycle rather than in bursts. Starts anywhere in the cycle: after a restart of many processes
// the first picks follow the weights too, instead of all going to the heaviest endpoint.
#include "balance/registry.h"
#include "balance/turns.h"

namespace weir::balance {

class WeightedRoundRobin final : public Balancer {
 public:
  explicit WeightedRoundRobin(std::uint64_t seed) : turns_(seed) {}

  void update(EndpointSet endpoints) override {
    roster_.rebuild(endpoints);
    turns_.rebuild(roster_.seats(), endpoints.size());
  }

  std::size_t pick(EndpointSet endpoints, const PickContext& context) override {
    if (roster_.refresh(endpoints)) turns_.rebuild(roster_.seats(), endpoints.size());
    const std::size_t position = turns_.next(context);
    return position == kNoEndpoint ? kNoEndpoint : roster_[position].index;
  }

 private:
  Roster roster_;
  Turns turns_;
};

template <>
Algorithm describe<WeightedRoundRobin>() {
  return {.name = {}, .traits = {.exact = true}, .make = make<WeightedRoundRobin>};
}

}  // namespace weir::balance
