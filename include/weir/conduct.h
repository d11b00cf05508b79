// How an endpoint has answered requests, as all workers count it, and the ejections that came of
// it. Relaxed atomics beside the endpoint's count of requests in flight, which every request
// touches anyway; part of the closed list of shared mutable state in ARCHITECTURE.md. Decides
// nothing: who is ejected when is upstream/outliers.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <weir/error.h>

namespace weir {

// Why a request failed: an error, or a status the endpoint answered with, of HTTP or of gRPC.
struct Fault {
  Errc code = Errc::none;
  std::uint8_t grpc_status = 0;
  std::uint16_t status = 0;

  explicit operator bool() const { return code != Errc::none || grpc_status != 0 || status != 0; }
};

class Conduct {
 public:
  struct Tally {
    std::uint32_t requests = 0;
    std::uint32_t failures = 0;
  };

  // --- any worker ---

  void succeed() {
    if (failures() != 0) failures_.store(0, std::memory_order_relaxed);
  }
  // Failures in a row, this one included.
  std::uint32_t fail(Fault fault) {
    last_fault_.store(fault, std::memory_order_relaxed);
    return failures_.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  // For success rates; called only where they are compared.
  void tally(bool failed) {
    tally_.fetch_add(failed ? kOneRequest + kOneFailure : kOneRequest, std::memory_order_relaxed);
  }

  // --- who has the cluster's turn to eject; Endpoint::set_ejected() follows ---

  // `step`: how often the time has been doubled so far.
  void eject(std::uint64_t until_ms, std::uint32_t step) {
    until_ms_.store(until_ms, std::memory_order_relaxed);
    step_.store(step, std::memory_order_relaxed);
    failures_.store(0, std::memory_order_relaxed);
    ejections_.fetch_add(1, std::memory_order_relaxed);
  }

  // --- the supervisor ---

  void come_back(std::uint64_t now_ms) {
    failures_.store(0, std::memory_order_relaxed);
    back_since_ms_.store(now_ms, std::memory_order_relaxed);
  }
  // Since the last call.
  Tally take_tally() {
    const std::uint64_t both = tally_.exchange(0, std::memory_order_relaxed);
    return {.requests = static_cast<std::uint32_t>(both),
            .failures = static_cast<std::uint32_t>(both >> 32)};
  }

  std::uint32_t failures() const { return failures_.load(std::memory_order_relaxed); }
  Fault last_fault() const { return last_fault_.load(std::memory_order_relaxed); }
  std::uint32_t ejections() const { return ejections_.load(std::memory_order_relaxed); }
  std::uint32_t step() const { return step_.load(std::memory_order_relaxed); }
  // Milliseconds of the loops' monotonic clock; of the last ejection, 0 without one.
  std::uint64_t ejected_until_ms() const { return until_ms_.load(std::memory_order_relaxed); }
  std::uint64_t back_since_ms() const { return back_since_ms_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::uint64_t kOneRequest = 1;
  static constexpr std::uint64_t kOneFailure = std::uint64_t{1} << 32;

  std::atomic<std::uint32_t> failures_{0};  // in a row
  std::atomic<Fault> last_fault_{Fault{}};
  std::atomic<std::uint64_t> tally_{0};  // requests below, failures above
  std::atomic<std::uint64_t> until_ms_{0};
  std::atomic<std::uint64_t> back_since_ms_{0};
  std::atomic<std::uint32_t> ejections_{0};
  std::atomic<std::uint32_t> step_{0};
};

}  // namespace weir
