// From the name of a balancing algorithm to a balancer. Called by the snapshot builder and by
// workers when they take up a snapshot, never per request. Adding an algorithm: one line in
// <weir/algorithms.def> and one file here that defines describe<ItsClass>().
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <weir/balancer.h>

namespace weir::balance {

// What a user may expect of an algorithm, and therefore what the conformance tests ask of it.
struct Traits {
  // Shares follow the weights; false: equal shares whatever the weights.
  bool by_weight = true;
  // As many picks as the weights add up to give each endpoint exactly its weight.
  bool exact = false;
  // One key, one endpoint.
  bool by_key = false;
  // Prefers endpoints with fewer requests in flight.
  bool by_load = false;
  // by_key: the share of the other keys that may move too when an endpoint comes or goes.
  double extra_moves = 0.0;
};

struct Algorithm {
  std::string_view name;
  Traits traits;
  std::unique_ptr<Balancer> (*make)(std::uint64_t seed);
};

// All algorithms in the order of algorithms.def; static storage.
std::span<const Algorithm> algorithms();
std::span<const std::string_view> algorithm_names();

// A balancer of that algorithm, null when there is none of that name. One per worker and cluster;
// `seed` is the worker's own, so that workers do not march in step (keys map alike whatever the
// seed). Call update() before pick().
std::unique_ptr<Balancer> make_balancer(std::string_view algorithm, std::uint64_t seed);

// The traits and the maker of an algorithm, without its name; each algorithm's file defines its
// own.
template <class T>
Algorithm describe();

// For describe(): the maker of any balancer that is built from a seed.
template <class T>
std::unique_ptr<Balancer> make(std::uint64_t seed) {
  return std::make_unique<T>(seed);
}

}  // namespace weir::balance
