// What one pick costs: every algorithm at 3, 10, 100 and 1,000 endpoints, idle with equal weights,
// and with mixed weights, requests in flight and different clients. Run with --benchmark_filter to
// see one.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <weir/balancer.h>

#include "balance/registry.h"
#include "base/hash.h"

namespace {

using weir::balance::Algorithm;

struct Scene {
  std::vector<std::unique_ptr<weir::Endpoint>> endpoints;
  std::vector<const weir::Endpoint*> set;

  Scene(std::size_t size, bool busy) {
    for (std::size_t i = 0; i < size; ++i) {
      const auto weight = static_cast<std::uint32_t>(busy ? 1 + i % 5 : 1);
      endpoints.push_back(std::make_unique<weir::Endpoint>("10.0.0.1:" + std::to_string(i),
                                                           weir::SocketAddress{}, weight, false));
      for (std::size_t n = 0; busy && n < 3 + weir::mix64(i, 1) % 20; ++n) {
        endpoints.back()->begin_request();
      }
      set.push_back(endpoints.back().get());
    }
  }
};

void pick(benchmark::State& state, const Algorithm& algorithm, bool busy) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const Scene scene(size, busy);
  const auto balancer = algorithm.make(1);
  balancer->update(scene.set);
  for (std::size_t i = 0; busy && i < size; ++i) {
    balancer->observe(i, 1'000'000 * (1 + i % 7), 1'000'000'000 + i);
  }
  std::uint64_t n = 0;
  const auto next = [&n] {
    return weir::PickContext{.key = weir::mix64(++n & 0xfffff, 7), .has_key = true, .tried = 0};
  };
  for (int i = 0; i < 1 << 20; ++i) benchmark::DoNotOptimize(balancer->pick(scene.set, next()));
  for (auto _ : state) benchmark::DoNotOptimize(balancer->pick(scene.set, next()));
}

void update(benchmark::State& state, const Algorithm& algorithm) {
  const Scene scene(static_cast<std::size_t>(state.range(0)), false);
  for (auto _ : state) {
    const auto balancer = algorithm.make(1);
    balancer->update(scene.set);
    benchmark::DoNotOptimize(balancer.get());
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (const Algorithm& algorithm : weir::balance::algorithms()) {
    const std::string name(algorithm.name);
    for (bool busy : {false, true}) {
      benchmark::RegisterBenchmark(
          (name + (busy ? "/busy" : "/idle")).c_str(),
          [&algorithm, busy](benchmark::State& state) { pick(state, algorithm, busy); })
          ->Arg(3)
          ->Arg(10)
          ->Arg(100)
          ->Arg(1000);
    }
    benchmark::RegisterBenchmark(
        (name + "/make").c_str(),
        [&algorithm](benchmark::State& state) { update(state, algorithm); })
        ->Arg(10)
        ->Arg(1000);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
