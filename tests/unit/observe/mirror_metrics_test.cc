// The series of a mirror: every outcome and every reason to drop has its own from the start, and
// what was sent and what was not are never mixed up.
#include "observe/mirror_metrics.h"

#include <gtest/gtest.h>

#include "fixtures.h"
#include "prometheus_text.h"

namespace weir::observe {
namespace {

class MirrorMetrics : public testing::Test {
 protected:
  std::string value(const std::string& sample) {
    std::string out;
    registry.render(out);
    const PrometheusPage read = PrometheusReader::read(out);
    EXPECT_EQ(read.error, "");
    return read.value(sample);
  }
  std::string requests(std::string_view outcome) {
    return value("weir_mirror_requests_total{cluster=\"shop-next\",outcome=\"" +
                 std::string(outcome) + "\",route=\"shop\"}");
  }
  std::string dropped(std::string_view reason) {
    return value("weir_mirror_dropped_total{cluster=\"shop-next\",reason=\"" + std::string(reason) +
                 "\",route=\"shop\"}");
  }

  Registry registry{1};
  MirrorSeries series = mirror_series(registry, "shop", "shop-next");
};

TEST_F(MirrorMetrics, EveryOutcomeHasItsSeries) {
  constexpr std::string_view kNames[] = {"2xx",     "3xx",   "4xx",     "5xx",
                                         "connect", "reset", "timeout", "bad_response"};
  for (const std::string_view name : kNames) EXPECT_EQ(requests(name), "0") << name;
  EXPECT_EQ(requests("1xx"), "absent");  // never final
  std::uint64_t times = 0;
  for (std::size_t i = 1; i < kMirrorOutcomes; ++i) {
    registry.cells(0).add(series.of(static_cast<MirrorOutcome>(i)), ++times);
  }
  times = 0;
  for (const std::string_view name : kNames) {
    EXPECT_EQ(requests(name), std::to_string(++times)) << name;
  }
  EXPECT_EQ(total_sent(registry, series), 36U);
  EXPECT_EQ(total_dropped(registry, series), 0U);
}

TEST_F(MirrorMetrics, EveryReasonToDropHasItsSeries) {
  constexpr std::string_view kNames[] = {"body",       "bytes",          "process_bytes",
                                         "in_flight",  "paused",         "no_endpoint",
                                         "incomplete", "primary_failed", "stopping"};
  for (const std::string_view name : kNames) EXPECT_EQ(dropped(name), "0") << name;
  std::uint64_t times = 0;
  for (std::size_t i = 0; i < kMirrorDrops; ++i) {
    registry.cells(0).add(series.of(static_cast<MirrorDrop>(i)), ++times);
  }
  times = 0;
  for (const std::string_view name : kNames) {
    EXPECT_EQ(dropped(name), std::to_string(++times)) << name;
  }
  EXPECT_EQ(total_dropped(registry, series), 45U);
  EXPECT_EQ(total_sent(registry, series), 0U);
}

TEST_F(MirrorMetrics, MeasuresCopies) {
  registry.cells(0).observe(series.duration, 20 * kMs);
  const std::string labels = "{cluster=\"shop-next\",route=\"shop\"}";
  EXPECT_EQ(value("weir_mirror_duration_seconds_count" + labels), "1");
  EXPECT_EQ(value("weir_mirror_duration_seconds_sum" + labels), "0.02");
}

TEST_F(MirrorMetrics, AnInterimAnswerCountsNowhere) {
  registry.cells(0).add(series.of(MirrorOutcome::informational));
  EXPECT_EQ(total_sent(registry, series), 0U);
  EXPECT_EQ(total_dropped(registry, series), 0U);
}

TEST_F(MirrorMetrics, AReloadFindsTheSameSeries) {
  const MirrorSeries again = mirror_series(registry, "shop", "shop-next");
  EXPECT_EQ(again.requests, series.requests);
  EXPECT_EQ(again.dropped, series.dropped);
  EXPECT_EQ(again.duration, series.duration);
  EXPECT_NE(mirror_series(registry, "shop", "other").duration, series.duration);
}

TEST(MirrorOutcomes, OfEveryStatus) {
  struct Row {
    int status;
    const char* name;
    bool answer;
  };
  constexpr Row kRows[] = {
      {100, "1xx", true},           {199, "1xx", true},          {200, "2xx", true},
      {299, "2xx", true},           {304, "3xx", true},          {404, "4xx", true},
      {500, "5xx", true},           {599, "5xx", true},          {600, "bad_response", false},
      {999, "bad_response", false}, {99, "bad_response", false}, {0, "bad_response", false}};
  for (const Row& row : kRows) {
    EXPECT_EQ(name_of(outcome_of_status(row.status)), row.name) << row.status;
    EXPECT_EQ(is_answer(outcome_of_status(row.status)), row.answer) << row.status;
  }
  for (const MirrorOutcome failure : {MirrorOutcome::connect, MirrorOutcome::reset,
                                      MirrorOutcome::timeout, MirrorOutcome::bad_response}) {
    EXPECT_FALSE(is_answer(failure)) << name_of(failure);
  }
}

}  // namespace
}  // namespace weir::observe
