// Maglev hashing (Eisenbud and others, NSDI 2016): a table of 65,537 slots in which the endpoints
// choose slots in turn, each along its own permutation. Shares follow the weights within a slot,
// closer than rendezvous does; the price is that a change of the set moves a few keys of the
// endpoints that stay. The table ignores health: keys of an endpoint that is out go to their
// rendezvous winner among the others, and no other key moves.
#include <algorithm>
#include <utility>
#include <vector>

#include "balance/identity.h"
#include "balance/registry.h"
#include "balance/rendezvous.h"
#include "balance/roster.h"
#include "balance/turns.h"
#include "base/hash.h"

namespace weir::balance {
namespace {

constexpr std::uint32_t kTableSize = 65'537;  // prime, so that every skip visits every slot
constexpr std::uint16_t kEmpty = 0xffff;
constexpr std::size_t kMaxEndpoints = kEmpty;  // later ones own no slot

// The order in which an endpoint wants the slots.
struct Preference {
  std::uint32_t slot;
  std::uint32_t skip;

  explicit Preference(std::uint64_t id)
      : slot(static_cast<std::uint32_t>((id >> 32) % kTableSize)),
        skip(static_cast<std::uint32_t>((id & 0xffffffff) % (kTableSize - 1)) + 1) {}
  void advance() {
    slot += skip;
    if (slot >= kTableSize) slot -= kTableSize;
  }
};

// Fills the table turn by turn. In order of identity, not of the file, whose order must not matter.
std::vector<std::uint16_t> make_table(std::vector<Seat> seats,
                                      const std::vector<std::uint64_t>& ids) {
  std::erase_if(seats, [](const Seat& seat) { return seat.index >= kMaxEndpoints; });
  if (seats.empty()) return {};
  std::sort(seats.begin(), seats.end(),
            [&](const Seat& a, const Seat& b) { return ids[a.index] < ids[b.index]; });
  std::vector<Preference> preferences;
  std::vector<Seat> ranked;
  for (std::uint32_t rank = 0; rank < seats.size(); ++rank) {
    preferences.emplace_back(ids[seats[rank].index]);
    ranked.push_back({rank, seats[rank].weight});
  }

  Turns turns;
  turns.rebuild(ranked, ranked.size());
  std::vector<std::uint16_t> table(kTableSize, kEmpty);
  for (std::uint32_t filled = 0; filled < kTableSize; ++filled) {
    const std::size_t rank = turns.next(PickContext{});
    Preference& preference = preferences[rank];
    while (table[preference.slot] != kEmpty) preference.advance();
    table[preference.slot] = static_cast<std::uint16_t>(seats[rank].index);
  }
  return table;
}

bool same(const std::vector<Seat>& a, const std::vector<Seat>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Seat& x, const Seat& y) {
    return x.index == y.index && x.weight == y.weight;
  });
}

}  // namespace

class Maglev final : public Balancer {
 public:
  explicit Maglev(std::uint64_t seed) : random_(seed) {}

  // Makes the table anew only if the endpoints or weights really differ: it takes milliseconds.
  void update(EndpointSet endpoints) override {
    std::vector<std::uint64_t> ids = endpoint_ids(endpoints);
    std::vector<Seat> configured = configured_primaries(endpoints);
    if (ids != ids_ || !same(configured, configured_)) {
      ids_ = std::move(ids);
      configured_ = std::move(configured);
      table_ = make_table(configured_, ids_);
    }
    roster_.rebuild(endpoints);
    serving_.rebuild(roster_.seats(), ids_);
  }

  std::size_t pick(EndpointSet endpoints, const PickContext& context) override {
    if (roster_.refresh(endpoints)) {
      if (ids_.size() != endpoints.size()) update(endpoints);
      serving_.rebuild(roster_.seats(), ids_);
    }
    if (!context.has_key) {
      const std::size_t position = roster_.draw(random_, context);
      return position == kNoEndpoint ? kNoEndpoint : roster_[position].index;
    }
    // Mixed once more, so that slots are independent of what else is decided by the same key's bits
    // (splits).
    const std::uint64_t mixed = mix64(context.key, 0x6d61676c6576);
    if (!table_.empty()) {
      const std::size_t owner = table_[((mixed >> 32) * kTableSize) >> 32];
      if (endpoints[owner]->takes_requests() && !tried(context, owner)) return owner;
    }
    return serving_.winner(mixed, context);
  }

 private:
  Roster roster_{Shares::ignore};
  Rendezvous serving_;                // among those that take requests
  std::vector<std::uint16_t> table_;  // slot to index; empty when there is no primary
  std::vector<std::uint64_t> ids_;    // what the table was made of
  std::vector<Seat> configured_;
  Random random_;  // for requests without a key
};

template <>
Algorithm describe<Maglev>() {
  return {.name = {}, .traits = {.by_key = true, .extra_moves = 0.02}, .make = make<Maglev>};
}

}  // namespace weir::balance
