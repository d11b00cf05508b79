// What an endpoint is called when its place in the file does not matter: consistent hashing and
// learnt latencies follow these numbers, so that moving a line in the file moves no client.
// Computed in update(), never per request.
#pragma once

#include <cstdint>
#include <vector>

#include <weir/balancer.h>

namespace weir::balance {

// One number per endpoint of the set, a hash of its name; the second of a name (an address listed
// twice) gets another number than the first. The same on every worker, machine and restart.
std::vector<std::uint64_t> endpoint_ids(EndpointSet endpoints);

}  // namespace weir::balance
