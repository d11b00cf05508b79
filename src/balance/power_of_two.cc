// Two random endpoints by weight; the one with fewer requests in flight for its weight. O(1) at any
// size: two counts are read, where least connections reads all.
#include "balance/registry.h"
#include "balance/two_choices.h"

namespace weir::balance {

class PowerOfTwo final : public Balancer {
 public:
  explicit PowerOfTwo(std::uint64_t seed) : random_(seed) {}

  void update(EndpointSet endpoints) override { roster_.rebuild(endpoints); }

  std::size_t pick(EndpointSet endpoints, const PickContext& context) override {
    roster_.refresh(endpoints);
    return cheaper_of_two(roster_, random_, context, [&](const Seat& a, const Seat& b) {
      const std::uint64_t count_a = endpoints[a.index]->in_flight();
      const std::uint64_t count_b = endpoints[b.index]->in_flight();
      return count_a * b.weight < count_b * a.weight;
    });
  }

 private:
  Roster roster_;
  Random random_;
};

template <>
Algorithm describe<PowerOfTwo>() {
  return {.name = {}, .traits = {.by_load = true}, .make = make<PowerOfTwo>};
}

}  // namespace weir::balance
