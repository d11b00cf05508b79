// A cluster as all workers share it: what it is at the moment (settings and endpoints, immutable,
// exchanged as a whole), and the counts that bound connections, requests and retries over all
// workers. A cluster outlives the snapshots that name it, so that a new file, a changed name or an
// operator's wish changes its endpoints and nothing else. ClusterPool is a worker's own part.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <weir/config.h>
#include <weir/endpoint.h>

#include "base/bounded_count.h"
#include "net/tls_client.h"

namespace weir::upstream {

// Where an endpoint of a setup comes from.
struct Membership {
  std::size_t entry = 0;     // of the settings' endpoints; several endpoints may share one
  std::uint32_t weight = 1;  // as the file says, or the record of its service
  bool operator==(const Membership&) const = default;
};

struct ClusterSetup {
  config::Cluster settings;
  std::vector<std::shared_ptr<Endpoint>> endpoints;  // in file order
  std::vector<Membership> memberships;               // of each endpoint
  std::shared_ptr<const net::TlsClientContext> tls;  // with settings.tls
};

// One of a bounded number, given back when it goes. An empty one counts nothing.
class Slot {
 public:
  Slot() = default;
  ~Slot() { release(); }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  void release() {
    if (count_ != nullptr) std::exchange(count_, nullptr)->fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  friend class Cluster;
  std::atomic<std::uint32_t>* count_ = nullptr;
};

class Cluster {
 public:
  explicit Cluster(std::shared_ptr<const ClusterSetup> setup)
      : name_(setup->settings.name), setup_(std::move(setup)) {}
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  const std::string& name() const { return name_; }

  // --- the supervisor's thread alone: the newest setup. Workers are told by message. ---
  const std::shared_ptr<const ClusterSetup>& setup() const { return setup_; }
  const config::Cluster& settings() const { return setup_->settings; }
  const std::vector<std::shared_ptr<Endpoint>>& endpoints() const { return setup_->endpoints; }
  void set_setup(std::shared_ptr<const ClusterSetup> setup) { setup_ = std::move(setup); }

  // --- any thread ---
  std::uint32_t connections() const { return connections_.load(std::memory_order_relaxed); }
  std::uint32_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

  // Counts one more connection unless that would exceed `max` (0 = no limit).
  bool add_connection(std::uint32_t max) {
    return add_within(connections_, 1U, max == 0 ? ~0U : max);
  }
  void remove_connection() { connections_.fetch_sub(1, std::memory_order_relaxed); }
  // Counts one more request that waits for a connection, unless that would exceed `max_pending`.
  bool add_waiting(std::uint32_t max_pending) { return add_within(waiting_, 1U, max_pending); }
  void remove_waiting() { waiting_.fetch_sub(1, std::memory_order_relaxed); }
  // The same for requests under way and for retries among them; 0 = no limit, and not counted.
  // `slot` goes back before the cluster does. True when it has one already.
  bool add_request(std::uint32_t max, Slot& slot) { return add(requests_, max, slot); }
  bool add_retry(std::uint32_t max, Slot& slot) { return add(retries_, max, slot); }

  // The turn to eject an endpoint: one thread at a time, so that no two overstep the limit. False:
  // another has it just now; nobody waits.
  bool begin_ejecting() { return !ejecting_.test_and_set(std::memory_order_acquire); }
  void end_ejecting() { ejecting_.clear(std::memory_order_release); }

 private:
  static bool add(std::atomic<std::uint32_t>& count, std::uint32_t max, Slot& slot) {
    if (max == 0 || slot.count_ != nullptr) return true;
    if (!add_within(count, 1U, max)) return false;
    slot.count_ = &count;
    return true;
  }

  const std::string name_;
  std::shared_ptr<const ClusterSetup> setup_;
  alignas(64) std::atomic<std::uint32_t> connections_{0};
  std::atomic<std::uint32_t> waiting_{0};
  std::atomic<std::uint32_t> requests_{0};
  std::atomic<std::uint32_t> retries_{0};
  std::atomic_flag ejecting_ = ATOMIC_FLAG_INIT;
};

}  // namespace weir::upstream
