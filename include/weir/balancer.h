// The seam between clusters and balancing algorithms: a balancer picks one of the endpoints it is
// shown. One instance per worker and cluster, used by that worker's thread alone; it keeps only its
// own position or table, never refers to a snapshot, allocates nothing in pick(), and is
// deterministic given its seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <weir/endpoint.h>

namespace weir {

inline constexpr std::size_t kNoEndpoint = static_cast<std::size_t>(-1);

// The endpoints of a cluster in file order. The span's elements are never null and outlive the
// call.
using EndpointSet = std::span<const Endpoint* const>;

// What a pick may depend on besides the endpoints.
struct PickContext {
  // Hash of the client address (ip_hash) or of the configured key (maglev, hash).
  std::uint64_t key = 0;
  bool has_key = false;  // false: hashing algorithms fall back to random
  // The endpoints already tried by this exchange: bit i = endpoint i. Endpoints from 64 on count as
  // untried.
  std::uint64_t tried = 0;
};

class Balancer {
 public:
  virtual ~Balancer() = default;

  // The index of the endpoint that takes the next request, or kNoEndpoint. Eligible are endpoints
  // that take requests and were not tried: among the primaries as long as any primary takes
  // requests (tried or not), else among the backups. When all of those were tried, kNoEndpoint.
  virtual std::size_t pick(EndpointSet endpoints, const PickContext& context) = 0;

  // The set or the weights have changed since the last pick: rebuild tables. Called once before the
  // first pick and after each change; may allocate. `endpoints` keeps its order between calls.
  virtual void update(EndpointSet endpoints) = 0;

  // An exchange with endpoint `index` ended after `latency_ns` to its response head. Only
  // latency-aware algorithms care.
  virtual void observe(std::size_t index, std::uint64_t latency_ns, std::uint64_t now_ns);
};

}  // namespace weir
