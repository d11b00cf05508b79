// Buckets and the table of keys. A full bucket is as good as none, so a key takes the place of one
// that has been quiet for long enough; only when there is none such, the fullest one is forgotten.
#include "traffic/rate_limiter.h"

#include <algorithm>
#include <limits>

#include "base/hash.h"
#include "traffic/split_key.h"

namespace weir::traffic {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;

// Rounded up: never more than the file says.
std::uint64_t token_ns(const config::RateLimit& settings) {
  const auto period = static_cast<std::uint64_t>(settings.per.count()) * kNsPerMs;
  return (period + settings.requests - 1) / settings.requests;
}

}  // namespace

RateLimiter::RateLimiter(const config::RateLimit& settings, std::uint64_t seed)
    : settings_(settings),
      seed_(seed),
      token_ns_(token_ns(settings)),
      burst_ns_(token_ns_ * settings.burst),
      sets_(settings.key ? (settings.max_keys + kWays - 1) / kWays : 0),
      table_(sets_ == 0 ? nullptr : std::make_unique<Set[]>(sets_)) {}

RateVerdict RateLimiter::take(const RequestView& request, const IpAddress& client,
                              std::uint64_t now_ns) {
  RateVerdict verdict;
  const std::uint64_t key = table_ ? key_of(request, client) : 0;
  Bucket& bucket = key == 0 ? common_ : bucket_of(key, now_ns, verdict);
  std::uint64_t seen = bucket.full_at.load(std::memory_order_relaxed);
  std::uint64_t next = 0;
  do {
    next = std::max(seen, now_ns) + token_ns_;
    if (next > now_ns + burst_ns_) {
      verdict.admitted = false;
      verdict.wait_ns = next - now_ns - burst_ns_;
      return verdict;
    }
  } while (!bucket.full_at.compare_exchange_weak(seen, next, std::memory_order_relaxed));
  return verdict;
}

// 0: the request has no key.
std::uint64_t RateLimiter::key_of(const RequestView& request, const IpAddress& client) const {
  const IpAddress subscriber = subscriber_of(client);
  const auto value = find_key(*settings_.key, request, subscriber, {});
  if (!value) return 0;
  return std::max<std::uint64_t>(hash64(*value, seed_), 1);
}

// Two threads may disagree for a moment about whose a bucket is: one request is then counted
// against a neighbour, or a bucket begins twice. Neither lets a client have more than another
// bucket, and a lock would make every request of the route wait for another.
RateLimiter::Bucket& RateLimiter::bucket_of(std::uint64_t key, std::uint64_t now_ns,
                                            RateVerdict& verdict) {
  Set& set = table_[(key >> 32) * sets_ >> 32];
  for (;;) {
    Bucket* fullest = nullptr;
    std::uint64_t its_key = 0;
    std::uint64_t its_time = std::numeric_limits<std::uint64_t>::max();
    for (Bucket& bucket : set.buckets) {
      const std::uint64_t owner = bucket.key.load(std::memory_order_relaxed);
      if (owner == key) return bucket;
      const std::uint64_t full_at = bucket.full_at.load(std::memory_order_relaxed);
      if (full_at >= its_time) continue;
      fullest = &bucket;
      its_key = owner;
      its_time = full_at;
    }
    if (!fullest->key.compare_exchange_strong(its_key, key, std::memory_order_relaxed)) continue;
    if (its_time > now_ns) {
      verdict.forgot_key = true;
      fullest->full_at.compare_exchange_strong(its_time, now_ns, std::memory_order_relaxed);
    }
    return *fullest;
  }
}

}  // namespace weir::traffic
