// What logging and counting one exchange costs a worker. The consumer empties the ring outside the
// measured time, as the log writer's thread does on another core. Targets: 300 ns for a JSON line,
// a few for each counter.
#include <benchmark/benchmark.h>

#include <vector>

#include "observe/combined_line.h"
#include "observe/exchange_metrics.h"
#include "observe/json_line.h"
#include "observe/log_ring.h"
#include "observe/wall_clock.h"

namespace weir::observe {
namespace {

// A browser's request through a split, with every part of the line present.
ExchangeRecord typical_record() {
  ExchangeRecord record;
  record.times = {1'000'000'000, 1'000'120'000, 1'000'340'000, 1'012'560'000, 1'013'000'000};
  record.id = "7f3c9a52e1d84b06a1c2d3e4f5061728";
  record.client = *parse_ip("203.0.113.77");
  record.listener = "web";
  record.method = "GET";
  record.host = "shop.example.com";
  record.path = "/catalogue/garden/chairs?page=3&sort=price&colour=green";
  record.status = 200;
  record.upstream_status = 200;
  record.bytes_out = 18'734;
  record.route = "shop";
  record.variant = "canary";
  record.variant_reason = "key";
  record.cluster = "shop-v2";
  record.endpoint = "10.0.3.17:8080";
  record.attempts = 1;
  record.reused_connection = true;
  record.tls_version = "TLSv1.3";
  record.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  record.user_agent =
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
      "Safari/537.36";
  record.referer = "https://shop.example.com/catalogue/garden";
  return record;
}

template <class Bound, class Write>
void log_lines(benchmark::State& state, Bound bound, Write write) {
  LogRing ring;
  ExchangeRecord record = typical_record();
  std::size_t bytes = 0;
  for (auto _ : state) {
    char* out = ring.reserve(bound(record));
    if (out == nullptr) {
      state.PauseTiming();
      for (auto run = ring.front(); !run.empty(); run = ring.front()) ring.consume(run.size());
      state.ResumeTiming();
      continue;
    }
    record.times.begin += 10'000;  // a hundred thousand requests a second
    const auto length = static_cast<std::size_t>(write(record, out) - out);
    ring.commit(length);
    bytes += length;
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void json_line(benchmark::State& state) {
  WallClock clock(1'700'000'000'000'000'000);
  log_lines(state, json_line_bound, [&](const ExchangeRecord& record, char* out) {
    return write_json_line(record, clock.rfc3339(record.times.begin), out);
  });
}
BENCHMARK(json_line);

void combined_line(benchmark::State& state) {
  WallClock clock(1'700'000'000'000'000'000);
  log_lines(state, combined_line_bound, [&](const ExchangeRecord& record, char* out) {
    return write_combined_line(record, clock.clf(record.times.begin), out);
  });
}
BENCHMARK(combined_line);

void count_exchange(benchmark::State& state) {
  Registry registry(1);
  const ExchangeSeries series = exchange_series(registry, {"web", "shop", "canary", "shop-v2"});
  const ExchangeRecord record = typical_record();
  for (auto _ : state) {
    count(registry.cells(0), series, record);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(count_exchange);

void count_one(benchmark::State& state) {
  Registry registry(1);
  const CounterId id = registry.counter("weir_bench_total", "A counter.");
  for (auto _ : state) {
    registry.cells(0).add(id);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(count_one);

void render_thousand_series(benchmark::State& state) {
  Registry registry(4);
  for (int i = 0; i < 25; ++i) {
    const std::string route = "route" + std::to_string(i);
    exchange_series(registry, {"web", route, "", "cluster"});
  }
  std::string page;
  for (auto _ : state) {
    page.clear();
    registry.render(page);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(page.size()) * state.iterations());
}
BENCHMARK(render_thousand_series);

}  // namespace
}  // namespace weir::observe
