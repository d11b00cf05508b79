// The table of addresses: found by hash, counted by compare-and-exchange.
#include "proxy/address_counts.h"

#include "base/hash.h"

namespace weir::proxy {
namespace {

constexpr std::uint64_t kCountBits = 24;
constexpr std::uint64_t kCountMask = (std::uint64_t{1} << kCountBits) - 1;
static_assert(limits::kConnectionsPerAddressMost < kCountMask);

}  // namespace

void AddressCounts::Place::leave() {
  if (count_ == nullptr) return;
  std::exchange(count_, nullptr)->fetch_sub(1, std::memory_order_relaxed);
  table_.reset();
}

// Two workers that meet an address for the first time at one moment may give it two places: it may
// then have up to twice the limit until one of them is empty again.
std::optional<AddressCounts::Place> AddressCounts::enter(
    const std::shared_ptr<AddressCounts>& table, const IpAddress& address, std::uint32_t limit) {
  const IpAddress subscriber = subscriber_of(address);
  const std::uint64_t hash =
      hash64({reinterpret_cast<const char*>(subscriber.bytes.data()), subscriber.bytes.size()},
             table->seed_);
  const std::uint64_t tag = hash & ~kCountMask;
  Set& set = table->sets_[(hash & kCountMask) * kSets >> kCountBits];
  for (;;) {
    std::atomic<std::uint64_t>* place = nullptr;
    std::uint64_t seen = 0;
    for (std::atomic<std::uint64_t>& word : set.words) {
      const std::uint64_t value = word.load(std::memory_order_relaxed);
      const bool taken = (value & kCountMask) != 0;
      const bool ours = taken && (value & ~kCountMask) == tag;
      if (!ours && (taken || place != nullptr)) continue;
      place = &word;
      seen = value;
      if (ours) break;
    }
    if (place == nullptr) return Place();
    const std::uint64_t count = seen & kCountMask;
    if (count >= limit) return std::nullopt;
    if (place->compare_exchange_strong(seen, (tag | count) + 1, std::memory_order_relaxed)) {
      return Place(table, *place);
    }
  }
}

}  // namespace weir::proxy
