// One origin server as balancing sees it. Shared by all workers: the identity is immutable; health,
// weight, the in-flight count and the conduct are relaxed atomics, the latter two on a cache line
// of their own; they and the process-wide count of changes belong to the closed list of shared
// mutable state in ARCHITECTURE.md. Owned by the snapshot through shared_ptr; workers borrow it for
// as long as they hold the snapshot.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include <weir/address.h>
#include <weir/conduct.h>

namespace weir {

enum class EndpointState : std::uint8_t { active, draining, down };

class Endpoint {
 public:
  Endpoint(std::string name, SocketAddress address, std::uint32_t weight, bool backup,
           std::string from = {})
      : name_(std::move(name)),
        address_(std::move(address)),
        from_(std::move(from)),
        backup_(backup),
        weight_(weight) {}
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // As the file says it, or the address that a name of the file stands for: the key in APIs and
  // metrics.
  const std::string& name() const { return name_; }
  // That name, as the file says it; empty where there is none.
  const std::string& from() const { return from_; }
  // Resolved.
  const SocketAddress& address() const { return address_; }
  bool backup() const { return backup_; }
  std::uint32_t weight() const { return weight_.load(std::memory_order_relaxed); }
  void set_weight(std::uint32_t weight) { change(weight_, weight); }

  EndpointState state() const { return state_.load(std::memory_order_relaxed); }
  void set_state(EndpointState state) { change(state_, state); }

  // As active checks tell; true where nobody checks.
  bool healthy() const { return (marks() & kUnhealthy) == 0; }
  void set_healthy(bool healthy) { mark(kUnhealthy, !healthy); }
  // As requests tell: it failed them, and is left out for a while.
  bool ejected() const { return (marks_.load(std::memory_order_acquire) & kEjected) != 0; }
  void set_ejected(bool ejected) { mark(kEjected, ejected); }
  bool well() const { return (marks() & (kUnhealthy | kEjected)) == 0; }
  // No endpoint of its cluster is well, and all are to serve nevertheless.
  bool forced() const { return (marks() & kForced) != 0; }
  void set_forced(bool forced) { mark(kForced, forced); }

  // In tenths of its weight: what it gets while it starts slowly, 1 to kWholeShare.
  static constexpr std::uint32_t kWholeShare = 10;
  std::uint32_t share() const { return share_.load(std::memory_order_relaxed); }
  void set_share(std::uint32_t share) { change(share_, share); }

  // Grows with every change of a weight, state, health or share of any endpoint in the process: who
  // keeps something derived from them (a list of those that take requests) compares this one number
  // instead of asking them all again.
  static std::uint64_t changes() { return changes_.load(std::memory_order_acquire); }

  // May a new request go here, if health allows? Says nothing of backups: balancers decide when
  // those serve.
  bool in_service() const { return state() == EndpointState::active && weight() > 0; }
  bool takes_requests() const { return serves(marks()) && in_service(); }

  std::uint32_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }
  void begin_request() { in_flight_.fetch_add(1, std::memory_order_relaxed); }
  void end_request() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

  Conduct& conduct() { return conduct_; }
  const Conduct& conduct() const { return conduct_; }

 private:
  static constexpr std::uint8_t kUnhealthy = 1, kEjected = 2, kForced = 4;

  static constexpr bool serves(std::uint8_t marks) { return marks == 0 || (marks & kForced) != 0; }
  std::uint8_t marks() const { return marks_.load(std::memory_order_relaxed); }
  // Release: who sees it ejected sees until when.
  void mark(std::uint8_t bit, bool on) {
    const auto keep = static_cast<std::uint8_t>(~bit);
    const std::uint8_t before = on ? marks_.fetch_or(bit, std::memory_order_release)
                                   : marks_.fetch_and(keep, std::memory_order_release);
    if (((before & bit) != 0) != on) changes_.fetch_add(1, std::memory_order_release);
  }

  // Release pairs with the acquire of changes(): who sees the new count sees the new value.
  template <class T>
  static void change(std::atomic<T>& value, T to) {
    if (value.exchange(to, std::memory_order_relaxed) == to) return;
    changes_.fetch_add(1, std::memory_order_release);
  }

  alignas(64) inline static std::atomic<std::uint64_t> changes_{1};

  const std::string name_;
  const SocketAddress address_;
  const std::string from_;
  const bool backup_;
  std::atomic<std::uint32_t> weight_;
  std::atomic<EndpointState> state_{EndpointState::active};
  std::atomic<std::uint8_t> marks_{0};
  std::atomic<std::uint32_t> share_{kWholeShare};
  alignas(64) std::atomic<std::uint32_t> in_flight_{0};
  Conduct conduct_;
};

}  // namespace weir
