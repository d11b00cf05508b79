// The registry: identity of series, refusal, adding series while others count, and the page it
// prints.
#include "observe/metrics.h"

#include <gtest/gtest.h>

#include <thread>

#include "fixtures.h"
#include "prometheus_text.h"

namespace weir::observe {
namespace {

TEST(Registry, TheSameNameAndLabelsAreTheSameSeries) {
  Registry registry(1);
  const CounterId first = registry.counter("weir_a_total", "a", {{"x", "1"}, {"y", "2"}});
  EXPECT_EQ(registry.counter("weir_a_total", "a", {{"y", "2"}, {"x", "1"}}), first);
  EXPECT_NE(registry.counter("weir_a_total", "a", {{"x", "1"}, {"y", "3"}}), first);
  EXPECT_NE(registry.counter("weir_b_total", "b", {{"x", "1"}, {"y", "2"}}), first);
}

TEST(Registry, SumsWhatAllWritersCounted) {
  Registry registry(3);
  const CounterId counter = registry.counter("weir_a_total", "a");
  const GaugeId gauge = registry.gauge("weir_open", "open");
  for (int writer = 0; writer < registry.writers(); ++writer) {
    registry.cells(writer).add(counter, 10);
    registry.cells(writer).add(gauge);
  }
  registry.cells(2).add(gauge, -5);  // below zero on its own, fine in the sum
  EXPECT_EQ(registry.total(counter), 30u);
  EXPECT_EQ(registry.total(gauge), -2);
}

TEST(Registry, ADefaultIdCountsNowhere) {
  Registry registry(1);
  const CounterId counter = registry.counter("weir_a_total", "a");
  registry.cells(0).add(CounterId{}, 7);
  registry.cells(0).observe(HistogramId{}, 7);
  EXPECT_EQ(registry.total(counter), 0u);
}

TEST(Registry, RefusesWrongNamesAndOtherTypes) {
  Registry registry(1);
  EXPECT_EQ(registry.counter("weir-dash", "x").cell, 0u);
  EXPECT_EQ(registry.counter("1weir", "x").cell, 0u);
  EXPECT_EQ(registry.counter("", "x").cell, 0u);
  EXPECT_NE(registry.counter("weir_a_total", "a").cell, 0u);
  EXPECT_EQ(registry.histogram("weir_a_total", "a").cell, 0u);
  std::string out;
  registry.render(out);
  const PrometheusPage page = PrometheusReader::read(out);
  EXPECT_EQ(page.error, "");
  EXPECT_EQ(page.value("weir_metric_series_refused_total"), "4");
}

TEST(Registry, RefusesSeriesBeyondTheLastCellAndCountsOn) {
  Registry registry(1);
  constexpr std::size_t kMore = kSegments * (kCellsPerSegment / kHistogramCells);
  for (std::size_t i = 0; i + 1 < kMore; ++i) {  // the first block counts nowhere
    ASSERT_NE(registry.histogram("weir_d_seconds", "d", {{"i", std::to_string(i)}}).cell, 0u) << i;
  }
  const HistogramId beyond = registry.histogram("weir_d_seconds", "d", {{"i", "beyond"}});
  EXPECT_EQ(beyond.cell, 0u);
  registry.cells(0).observe(beyond, 1);
  const HistogramId first = registry.histogram("weir_d_seconds", "d", {{"i", "0"}});
  EXPECT_NE(first.cell, 0u);
}

TEST(Registry, PageIsValidSortedAndTheSameEachTime) {
  Registry registry(2);
  registry.counter("weir_z_total", "last", {{"x", "2"}});
  const HistogramId duration = registry.histogram("weir_m_seconds", "middle");
  const CounterId z1 = registry.counter("weir_z_total", "last", {{"x", "1"}});
  registry.gauge("weir_a", "first");
  registry.cells(0).observe(duration, 3'000'000);
  registry.cells(1).observe(duration, 70'000'000'000);
  registry.cells(1).add(z1, 9);
  std::string out;
  registry.render(out);
  const PrometheusPage page = PrometheusReader::read(out);
  EXPECT_EQ(page.error, "");
  EXPECT_EQ(page.families, (std::vector<std::string>{"weir_a", "weir_m_seconds", "weir_z_total",
                                                     "weir_metric_series_refused_total"}));
  EXPECT_EQ(page.value("weir_z_total{x=\"1\"}"), "9");
  EXPECT_EQ(page.value("weir_z_total{x=\"2\"}"), "0");
  EXPECT_EQ(page.value("weir_m_seconds_bucket{le=\"0.0025\"}"), "0");
  EXPECT_EQ(page.value("weir_m_seconds_bucket{le=\"0.005\"}"), "1");
  EXPECT_EQ(page.value("weir_m_seconds_bucket{le=\"+Inf\"}"), "2");
  EXPECT_EQ(page.value("weir_m_seconds_sum"), "70.003");
  EXPECT_LT(out.find("weir_z_total{x=\"1\"}"), out.find("weir_z_total{x=\"2\"}"));
  std::string again;
  registry.render(again);
  EXPECT_EQ(again, out);
}

// Workers count in old series while the supervisor adds new ones over many segments and a scraper
// reads.
TEST(Registry, SeriesCanBeAddedWhileWorkersCount) {
  constexpr int kWorkers = 2;
  constexpr std::uint64_t kTimes = 20'000;
  Registry registry(kWorkers);
  const CounterId old_counter = registry.counter("weir_old_total", "old");
  const HistogramId old_histogram = registry.histogram("weir_old_seconds", "old");
  std::atomic<std::uint32_t> newest{0};
  std::vector<std::thread> threads;
  for (int worker = 0; worker < kWorkers; ++worker) {
    threads.emplace_back([&, worker] {
      Cells& cells = registry.cells(worker);
      for (std::uint64_t i = 0; i < kTimes; ++i) {
        cells.add(old_counter);
        cells.observe(old_histogram, i * 1000);
        cells.add(CounterId{newest.load(std::memory_order_relaxed)});
      }
    });
  }
  threads.emplace_back([&] {
    std::string page;
    for (int i = 0; i < 20; ++i) {
      page.clear();
      registry.render(page);
    }
  });
  for (int i = 0; i < 3000; ++i) {
    newest = registry.counter("weir_new_total", "new", {{"i", std::to_string(i)}}).cell;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(registry.total(old_counter), kWorkers * kTimes);
  std::string out;
  registry.render(out);
  const PrometheusPage page = PrometheusReader::read(out);
  EXPECT_EQ(page.error, "");
  EXPECT_EQ(page.value("weir_old_seconds_count"), std::to_string(kWorkers * kTimes));
}

TEST(Cells, CountingAllocatesNothing) {
  Registry registry(1);
  const CounterId counter = registry.counter("weir_a_total", "a");
  const HistogramId histogram = registry.histogram("weir_a_seconds", "a");
  Cells& cells = registry.cells(0);
  const std::uint64_t before = allocations();
  for (std::uint64_t i = 0; i < 1000; ++i) {
    cells.add(counter);
    cells.observe(histogram, i * 1'000'000);
  }
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(registry.total(counter), 1000u);
}

}  // namespace
}  // namespace weir::observe
