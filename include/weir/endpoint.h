// One origin server as balancing sees it. Shared by all workers: the identity is immutable, health
// and the in-flight count are relaxed atomics, the count on a cache line of its own; they and the
// process-wide count of changes belong to the closed list of shared mutable state in
// ARCHITECTURE.md. Owned by the snapshot through shared_ptr; workers borrow it for as long as they
// hold the snapshot.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include <weir/address.h>

namespace weir {

enum class EndpointState : std::uint8_t { active, draining, down };

class Endpoint {
 public:
  Endpoint(std::string name, SocketAddress address, std::uint32_t weight, bool backup)
      : name_(std::move(name)), address_(std::move(address)), backup_(backup), weight_(weight) {}
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // As the file says it: the key in APIs and metrics.
  const std::string& name() const { return name_; }
  // Resolved.
  const SocketAddress& address() const { return address_; }
  bool backup() const { return backup_; }
  std::uint32_t weight() const { return weight_.load(std::memory_order_relaxed); }
  void set_weight(std::uint32_t weight) { change(weight_, weight); }

  EndpointState state() const { return state_.load(std::memory_order_relaxed); }
  void set_state(EndpointState state) { change(state_, state); }
  bool healthy() const { return healthy_.load(std::memory_order_relaxed); }
  void set_healthy(bool healthy) { change(healthy_, healthy); }

  // Grows with every change of a weight, state or health of any endpoint in the process: who keeps
  // something derived from them (a list of those that take requests) compares this one number
  // instead of asking them all again.
  static std::uint64_t changes() { return changes_.load(std::memory_order_acquire); }

  // May a new request go here? Says nothing of backups: balancers decide when those serve.
  bool takes_requests() const {
    return healthy() && state() == EndpointState::active && weight() > 0;
  }

  std::uint32_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }
  void begin_request() { in_flight_.fetch_add(1, std::memory_order_relaxed); }
  void end_request() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  // Release pairs with the acquire of changes(): who sees the new count sees the new value.
  template <class T>
  static void change(std::atomic<T>& value, T to) {
    if (value.exchange(to, std::memory_order_relaxed) == to) return;
    changes_.fetch_add(1, std::memory_order_release);
  }

  alignas(64) inline static std::atomic<std::uint64_t> changes_{1};

  const std::string name_;
  const SocketAddress address_;
  const bool backup_;
  std::atomic<std::uint32_t> weight_;
  std::atomic<EndpointState> state_{EndpointState::active};
  std::atomic<bool> healthy_{true};
  alignas(64) std::atomic<std::uint32_t> in_flight_{0};
};

}  // namespace weir
