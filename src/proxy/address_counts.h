// How many connections each client address has open at one listener, over all workers: what bounds
// limits.connections_per_address. A worker's door enters each connection when it accepts it, the
// connection leaves when it closes. Never locks or allocates after it was made; an address that
// finds no place in the table is let in uncounted.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <weir/address.h>
#include <weir/limits.h>

namespace weir::proxy {

class AddressCounts {
 public:
  // A connection's part of its address's count, given back when this ends. Keeps the table alive:
  // a reload may have dropped it meanwhile.
  class Place {
   public:
    Place() = default;  // not counted
    Place(std::shared_ptr<AddressCounts> table, std::atomic<std::uint64_t>& count)
        : table_(std::move(table)), count_(&count) {}
    Place(Place&& other) noexcept
        : table_(std::move(other.table_)), count_(std::exchange(other.count_, nullptr)) {}
    Place& operator=(Place&& other) noexcept {
      leave();
      table_ = std::move(other.table_);
      count_ = std::exchange(other.count_, nullptr);
      return *this;
    }
    ~Place() { leave(); }

    void leave();

   private:
    std::shared_ptr<AddressCounts> table_;
    std::atomic<std::uint64_t>* count_ = nullptr;
  };

  // `seed`: so that nobody can choose addresses that meet in the table.
  explicit AddressCounts(std::uint64_t seed) : seed_(seed), sets_(std::make_unique<Set[]>(kSets)) {}

  // Nothing when `limit` connections (not 0) from that address are open already. Any thread.
  static std::optional<Place> enter(const std::shared_ptr<AddressCounts>& table,
                                    const IpAddress& address, std::uint32_t limit);

 private:
  static constexpr std::size_t kWays = 16;
  static constexpr std::size_t kSets = limits::kCountedAddresses / kWays;
  // Where one address may be, two cache lines: each word has 40 bits of an address's hash and its
  // count; a count of 0 is a free place.
  struct alignas(64) Set {
    std::array<std::atomic<std::uint64_t>, kWays> words{};
  };

  const std::uint64_t seed_;
  const std::unique_ptr<Set[]> sets_;
};

}  // namespace weir::proxy
