// The tries of one exchange, for its record: nothing while the first one serves, then every one.
// Embedded in the exchange; holds the endpoints it names until it is cleared, as a reload may take
// them out meanwhile. Never allocates.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <weir/endpoint.h>
#include <weir/limits.h>

#include "observe/exchange_record.h"

namespace weir::proxy {

class TryTrail {
 public:
  // The try that begins now; times are nanoseconds of the monotonic clock.
  void begin(std::uint64_t now_ns) { begun_ns_ = now_ns; }
  // It is over. `cluster` outlives the trail's content.
  void add(std::string_view cluster, std::shared_ptr<const Endpoint> endpoint, Errc reason,
           int status, std::uint64_t now_ns) {
    if (count_ == limits::kLogTries) return;
    tries_[count_] = {.cluster = cluster,
                      .endpoint = endpoint->name(),
                      .reason = reason,
                      .status = status,
                      .begin = begun_ns_,
                      .end = now_ns};
    endpoints_[count_++] = std::move(endpoint);
  }
  bool empty() const { return count_ == 0; }
  std::span<const observe::Try> all() const { return std::span(tries_).first(count_); }
  void clear() {
    while (count_ > 0) endpoints_[--count_].reset();
  }

 private:
  std::array<observe::Try, limits::kLogTries> tries_;
  std::array<std::shared_ptr<const Endpoint>, limits::kLogTries> endpoints_;
  std::size_t count_ = 0;
  std::uint64_t begun_ns_ = 0;
};

}  // namespace weir::proxy
