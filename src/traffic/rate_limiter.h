// A route's rate limit: a token bucket for all of its requests, or one for each key, shared by all
// workers. A bucket is one number, the time at which it will be full again; taking a token moves
// that time on by what a token takes to come back. The proxy asks once for each request, before
// anything else is done with it. Never waits, allocates or reads a clock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <weir/address.h>
#include <weir/config.h>

#include "traffic/request_view.h"

namespace weir::traffic {

struct RateVerdict {
  bool admitted = true;
  bool forgot_key = false;    // another key lost its bucket, which was not full
  std::uint64_t wait_ns = 0;  // refused: until one request is admitted
};

class RateLimiter {
 public:
  // `seed`: of the keys' hash, so that nobody can make keys that meet in the table.
  RateLimiter(const config::RateLimit& settings, std::uint64_t seed);

  // Takes a token for this request, if there is one. `client`: after trusted proxies. `now_ns`: of
  // the monotonic clock. Any thread.
  RateVerdict take(const RequestView& request, const IpAddress& client, std::uint64_t now_ns);

 private:
  struct Bucket {
    std::atomic<std::uint64_t> key{0};  // the key's hash; 0 = none yet
    std::atomic<std::uint64_t> full_at{0};
  };
  static constexpr std::size_t kWays = 8;
  // Where the keys of one hash may be: two cache lines.
  struct alignas(64) Set {
    Bucket buckets[kWays];
  };

  std::uint64_t key_of(const RequestView& request, const IpAddress& client) const;
  Bucket& bucket_of(std::uint64_t key, std::uint64_t now_ns, RateVerdict& verdict);

  const config::RateLimit settings_;
  const std::uint64_t seed_;
  const std::uint64_t token_ns_;  // what one takes to come back
  const std::uint64_t burst_ns_;  // ... and all
  const std::size_t sets_;
  const std::unique_ptr<Set[]> table_;  // null without a key
  Bucket common_;                       // without a key, and of requests that have none
};

}  // namespace weir::traffic
