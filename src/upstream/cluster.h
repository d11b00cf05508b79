// A cluster as all workers share it: its configuration, its endpoints, and the two counts that
// bound connections and waiting requests over all workers. Owned by the snapshot; ClusterPool is a
// worker's own part.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <weir/config.h>
#include <weir/endpoint.h>

namespace weir::upstream {

class Cluster {
 public:
  Cluster(config::Cluster settings, std::vector<std::shared_ptr<Endpoint>> endpoints)
      : settings_(std::move(settings)), endpoints_(std::move(endpoints)) {}
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  const std::string& name() const { return settings_.name; }
  const config::Cluster& settings() const { return settings_; }
  const std::vector<std::shared_ptr<Endpoint>>& endpoints() const { return endpoints_; }

  std::uint32_t connections() const { return connections_.load(std::memory_order_relaxed); }
  std::uint32_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

  // Counts one more connection unless that would exceed `max` (0 = no limit).
  bool add_connection() {
    const std::uint32_t max = settings_.connections.max;
    return add_below(connections_, max == 0 ? ~std::uint32_t{0} : max);
  }
  void remove_connection() { connections_.fetch_sub(1, std::memory_order_relaxed); }
  // Counts one more request that waits for a connection, unless that would exceed `max_pending`.
  bool add_waiting() { return add_below(waiting_, settings_.connections.max_pending); }
  void remove_waiting() { waiting_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  static bool add_below(std::atomic<std::uint32_t>& count, std::uint32_t max) {
    if (count.fetch_add(1, std::memory_order_relaxed) < max) return true;
    count.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }

  const config::Cluster settings_;
  const std::vector<std::shared_ptr<Endpoint>> endpoints_;
  alignas(64) std::atomic<std::uint32_t> connections_{0};
  std::atomic<std::uint32_t> waiting_{0};
};

}  // namespace weir::upstream
