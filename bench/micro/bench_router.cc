// What one routing decision costs: by number of hosts, by number of paths on one host, with
// wildcards, and with a path to normalise. Requests cycle through the hosts or paths in a scattered
// order, so that tables are read cold.
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <weir/config.h>

#include "traffic/router.h"

namespace weir::traffic {
namespace {

config::Config listening() {
  config::Config config;
  config.listeners.emplace_back();
  return config;
}

// A request's bytes side by side, as they are when a head has just been parsed.
struct Request {
  Request(std::string_view host, std::string_view path) {
    host_size = host.copy(bytes.data(), bytes.size() / 2);
    path_size = path.copy(bytes.data() + host_size, bytes.size() - host_size);
  }
  RequestView view() const {
    return {.listener = 0,
            .method = "GET",
            .host = {bytes.data(), host_size},
            .path = {bytes.data() + host_size, path_size},
            .query = {},
            .fields = nullptr};
  }

  std::size_t host_size = 0;
  std::size_t path_size = 0;
  std::array<char, 112> bytes{};
};

// Matches all requests again and again, in steps of a prime. The next request is fetched ahead: its
// bytes would be in the cache, the tables are not.
void run(benchmark::State& state, const config::Config& config,
         const std::vector<Request>& requests) {
  constexpr std::size_t kStep = 7919;
  const auto router = Router::make(config);
  if (!router) return state.SkipWithError(router.error().c_str());
  Buffer scratch;
  std::size_t at = 0;
  for (auto _ : state) {
    const std::size_t next = (at + kStep) % requests.size();
    __builtin_prefetch(&requests[next]);
    __builtin_prefetch(reinterpret_cast<const char*>(&requests[next]) + 64);
    const auto choice = (*router)->match(requests[at].view(), scratch);
    if (!choice) return state.SkipWithError("no route");
    benchmark::DoNotOptimize(choice->route);
    at = next;
  }
}

void hosts(benchmark::State& state, const std::string& pattern_prefix,
           const std::string& host_prefix) {
  config::Config config = listening();
  std::vector<Request> requests;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const std::string name = "shop-" + std::to_string(i) + ".example.com";
    config.routes.emplace_back().match.hosts = {pattern_prefix + name};
    requests.emplace_back(host_prefix + name, "/cart/items/17");
  }
  run(state, config, requests);
}

void exact_hosts(benchmark::State& state) {
  hosts(state, "", "");
}
BENCHMARK(exact_hosts)->Arg(10)->Arg(10'000);

void wildcard_hosts(benchmark::State& state) {
  hosts(state, "*.", "www.");
}
BENCHMARK(wildcard_hosts)->Arg(10)->Arg(10'000);

void paths(benchmark::State& state, const std::string& suffix, bool normalize) {
  config::Config config = listening();
  std::vector<Request> requests;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const std::string prefix = "/api/service-" + std::to_string(i);
    config::Route& route = config.routes.emplace_back();
    route.match.path = prefix;
    route.normalize_path = normalize;
    requests.emplace_back("shop.example.com", prefix + suffix);
  }
  run(state, config, requests);
}

void paths_on_one_host(benchmark::State& state) {
  paths(state, "/items/17", false);
}
BENCHMARK(paths_on_one_host)->Arg(10)->Arg(1000)->Arg(10'000);

void normalized_paths(benchmark::State& state) {
  paths(state, "//items/./%31", true);
}
BENCHMARK(normalized_paths)->Arg(10)->Arg(1000);

}  // namespace
}  // namespace weir::traffic
