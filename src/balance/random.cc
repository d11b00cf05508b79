// A random endpoint by weight. Keeps no position, so any number of workers and processes share
// evenly without knowing of each other.
#include "base/random.h"

#include "balance/registry.h"
#include "balance/roster.h"

namespace weir::balance {

class RandomChoice final : public Balancer {
 public:
  explicit RandomChoice(std::uint64_t seed) : random_(seed) {}

  void update(EndpointSet endpoints) override { roster_.rebuild(endpoints); }

  std::size_t pick(EndpointSet endpoints, const PickContext& context) override {
    roster_.refresh(endpoints);
    const std::size_t position = roster_.draw(random_, context);
    return position == kNoEndpoint ? kNoEndpoint : roster_[position].index;
  }

 private:
  Roster roster_;
  Random random_;
};

template <>
Algorithm describe<RandomChoice>() {
  return {.name = {}, .traits = {}, .make = make<RandomChoice>};
}

}  // namespace weir::balance
