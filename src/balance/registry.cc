// The table of algorithms, made from <weir/algorithms.def> and what each algorithm's file says of
// itself.
#include "balance/registry.h"

namespace weir::balance {

#define ALGORITHM(name, Type) \
  class Type;                 \
  template <>                 \
  Algorithm describe<Type>();
#include <weir/algorithms.def>
#undef ALGORITHM

namespace {

template <class T>
Algorithm named(std::string_view name) {
  Algorithm algorithm = describe<T>();
  algorithm.name = name;
  return algorithm;
}

constexpr std::string_view kNames[] = {
#define ALGORITHM(name, Type) #name,
#include <weir/algorithms.def>
#undef ALGORITHM
};

}  // namespace

std::span<const Algorithm> algorithms() {
  static const Algorithm table[] = {
#define ALGORITHM(name, Type) named<Type>(#name),
#include <weir/algorithms.def>
#undef ALGORITHM
  };
  return table;
}

std::span<const std::string_view> algorithm_names() {
  return kNames;
}

std::unique_ptr<Balancer> make_balancer(std::string_view algorithm, std::uint64_t seed) {
  for (const Algorithm& known : algorithms()) {
    if (known.name == algorithm) return known.make(seed);
  }
  return nullptr;
}

}  // namespace weir::balance

namespace weir {

void Balancer::observe(std::size_t, std::uint64_t, std::uint64_t) {}

}  // namespace weir
