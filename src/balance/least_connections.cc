// The endpoint with the fewest requests in flight for its weight, by exact counts over all workers.
// Ties go to whose turn it is by weight, so that an idle cluster is shared out like weighted round
// robin and a cold one does not begin with the first. Looks at every endpoint unless it meets an
// idle one: O(n) under load, two to three nanoseconds each.
#include "balance/registry.h"
#include "balance/turns.h"

namespace weir::balance {

class LeastConnections final : public Balancer {
 public:
  explicit LeastConnections(std::uint64_t seed) : turns_(seed) {}

  void update(EndpointSet endpoints) override {
    roster_.rebuild(endpoints);
    turns_.rebuild(roster_.seats(), endpoints.size());
  }

  std::size_t pick(EndpointSet endpoints, const PickContext& context) override {
    if (roster_.refresh(endpoints)) turns_.rebuild(roster_.seats(), endpoints.size());
    const std::size_t start = turns_.next(context);
    if (start == kNoEndpoint) return kNoEndpoint;

    const Seat* best = nullptr;
    std::uint64_t best_count = 0;
    std::size_t position = start;
    for (std::size_t left = roster_.size(); left > 0; --left) {
      const Seat& seat = roster_[position];
      position = position + 1 == roster_.size() ? 0 : position + 1;
      if (tried(context, seat.index)) continue;
      const std::uint64_t count = endpoints[seat.index]->in_flight();
      if (count == 0) return seat.index;
      if (best == nullptr || count * best->weight < best_count * seat.weight) {
        best = &seat;
        best_count = count;
      }
    }
    return best->index;  // never null: the start itself was not tried
  }

 private:
  Roster roster_;
  Turns turns_;  // the order of ties
};

template <>
Algorithm describe<LeastConnections>() {
  return {.name = {}, .traits = {.exact = true, .by_load = true}, .make = make<LeastConnections>};
}

}  // namespace weir::balance
