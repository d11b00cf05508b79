// `hash` and `ip_hash`: the same key goes to the same endpoint on every worker and after every
// restart, and an endpoint that goes or comes moves only its own share of the keys (weighted
// rendezvous). The two differ in the key alone, which the caller computes. Keys fall into 65,536
// slots; sets of more than 8 endpoints remember each slot's endpoint at its first use (128 KiB), so
// a pick is O(1) there too, and O(n) only for slots whose endpoint is out.
#include <vector>

#include "balance/identity.h"
#include "balance/registry.h"
#include "balance/rendezvous.h"
#include "balance/roster.h"
#include "base/hash.h"

namespace weir::balance {
namespace {

constexpr std::size_t kSlots = std::size_t{1} << 16;
// Up to this many, asking all is cheap enough to do without memory.
constexpr std::size_t kAskedEachTime = 8;
constexpr std::uint16_t kUnknown = 0xffff;  // larger sets than this do without memory too

// Mixed once more, so that slots are independent of what else is decided by the same key's bits
// (splits).
std::uint64_t slot_of(std::uint64_t key) {
  return mix64(key, 0x736c6f74) >> 48;
}

}  // namespace

class ConsistentHash : public Balancer {
 public:
  explicit ConsistentHash(std::uint64_t seed) : random_(seed) {}

  void update(EndpointSet endpoints) override {
    ids_ = endpoint_ids(endpoints);
    const std::vector<Seat> configured = configured_primaries(endpoints);
    all_.rebuild(configured, ids_);
    const bool remembers = endpoints.size() > kAskedEachTime && endpoints.size() <= kUnknown;
    remembered_.assign(remembers && !configured.empty() ? kSlots : 0, kUnknown);
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
    const std::uint64_t slot = slot_of(context.key);
    if (!remembered_.empty()) {
      const std::size_t owner = remembered_owner(slot);
      if (endpoints[owner]->takes_requests() && !tried(context, owner)) return owner;
    }
    return serving_.winner(slot, context);
  }

 private:
  // The slot's endpoint as configured, in whatever health.
  std::size_t remembered_owner(std::uint64_t slot) {
    std::uint16_t& owner = remembered_[slot];
    if (owner == kUnknown) owner = static_cast<std::uint16_t>(all_.winner(slot, PickContext{}));
    return owner;
  }

  Roster roster_{Shares::ignore};
  Rendezvous serving_;  // among those that take requests
  Rendezvous all_;      // among all primaries
  std::vector<std::uint16_t> remembered_;
  std::vector<std::uint64_t> ids_;
  Random random_;  // for requests without a key
};

class Hash final : public ConsistentHash {
  using ConsistentHash::ConsistentHash;
};

class IpHash final : public ConsistentHash {
  using ConsistentHash::ConsistentHash;
};

template <>
Algorithm describe<Hash>() {
  return {.name = {}, .traits = {.by_key = true}, .make = make<Hash>};
}

template <>
Algorithm describe<IpHash>() {
  return {.name = {}, .traits = {.by_key = true}, .make = make<IpHash>};
}

}  // namespace weir::balance
