// Who may take a request: the one place that knows weights of 0, health, draining and backups.
// Every algorithm keeps a Roster and chooses among its seats, which are the primaries that take
// requests or, when no primary does, the backups. Made anew only after an endpoint changed (one
// number tells), so that a pick does not ask dead endpoints again and again. Used by one worker's
// thread; keeps indexes, never pointers to endpoints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <weir/balancer.h>

#include "base/random.h"

namespace weir::balance {

struct Seat {
  std::uint32_t index;   // in the EndpointSet
  std::uint32_t weight;  // above 0; while anybody starts slowly, weights times shares
  std::uint32_t share = Endpoint::kWholeShare;
};

// Was the endpoint tried by this exchange? Those from the 65th on always count as untried.
inline bool tried(const PickContext& context, std::size_t index) {
  return index < 64 && ((context.tried >> index) & 1) != 0;
}

// Seats for all primaries of weight above 0, whether they take requests at the moment or not: what
// tables are made of that must not change with health. For update(); allocates.
std::vector<Seat> configured_primaries(EndpointSet endpoints);

// Does a slow start count? Where keys belong to endpoints, it would move them twice.
enum class Shares : std::uint8_t { follow, ignore };

class Roster {
 public:
  explicit Roster(Shares shares = Shares::follow) : shares_(shares) {}

  // For update(): makes the seats anew and reserves room for every endpoint of the set.
  void rebuild(EndpointSet endpoints);
  // First thing in pick(): the same if anything changed; true if it did. Allocates only if the set
  // has grown without an update() in between.
  bool refresh(EndpointSet endpoints) {
    if (Endpoint::changes() == changes_ && endpoints.size() == set_size_) return false;
    rebuild(endpoints);
    return true;
  }

  std::size_t size() const { return seats_.size(); }
  const Seat& operator[](std::size_t position) const { return seats_[position]; }
  bool equal_weights() const { return cumulative_.empty(); }
  // Somebody starts slowly: shares differ from the weights' own.
  bool warming() const { return warming_; }
  std::span<const Seat> seats() const { return seats_; }

  // The position of the first seat whose index is `index` or above, 0 if there is none; to go on
  // where a rotation was.
  std::size_t position_from(std::size_t index) const;

  // The position of a random seat, by weight, among those not tried; kNoEndpoint when there is
  // none.
  std::size_t draw(Random& random, const PickContext& context) const;

 private:
  void seat_all(EndpointSet endpoints, bool backups);
  void apply_shares();
  void sum_weights();
  std::size_t draw_any(Random& random) const;
  std::size_t draw_untried(Random& random, const PickContext& context) const;

  const Shares shares_;
  std::vector<Seat> seats_;  // by ascending index
  std::vector<std::uint64_t>
      cumulative_;  // sums of weights up to and with each seat; empty when all are equal
  std::uint64_t changes_ = 0;
  std::size_t set_size_ = 0;
  bool warming_ = false;
};

}  // namespace weir::balance
