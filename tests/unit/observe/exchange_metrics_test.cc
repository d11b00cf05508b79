// One finished exchange in its series: class of the status, durations, retries, bytes.
#include "observe/exchange_metrics.h"

#include <gtest/gtest.h>

#include "fixtures.h"
#include "prometheus_text.h"

namespace weir::observe {
namespace {

constexpr const char* kLabels =
    "cluster=\"shop-v2\",listener=\"web\",route=\"shop\",variant=\"canary\"";

class ExchangeMetrics : public testing::Test {
 protected:
  PrometheusPage page() {
    std::string out;
    registry.render(out);
    PrometheusPage read = PrometheusReader::read(out);
    EXPECT_EQ(read.error, "");
    return read;
  }
  std::string requests(const std::string& code_class) {
    return page().value("weir_requests_total{cluster=\"shop-v2\",code_class=\"" + code_class +
                        "\",listener=\"web\",route=\"shop\",variant=\"canary\"}");
  }
  std::string value(const std::string& name) { return page().value(name + "{" + kLabels + "}"); }

  Registry registry{1};
  ExchangeSeries series = exchange_series(registry, {"web", "shop", "canary", "shop-v2"});
  ExchangeRecord record = full_record();
};

TEST_F(ExchangeMetrics, CountsByTheClassOfTheStatusSent) {
  for (const int status : {100, 200, 204, 301, 404, 499, 500, 599, 0, 600}) {
    record.status = status;
    count(registry.cells(0), series, record);
  }
  EXPECT_EQ(requests("1xx"), "1");
  EXPECT_EQ(requests("2xx"), "2");
  EXPECT_EQ(requests("3xx"), "1");
  EXPECT_EQ(requests("4xx"), "2");
  EXPECT_EQ(requests("5xx"), "2");
  EXPECT_EQ(requests("none"), "2");
}

TEST_F(ExchangeMetrics, MeasuresRequestAndUpstream) {
  count(registry.cells(0), series, record);
  EXPECT_EQ(value("weir_request_duration_seconds_count"), "1");
  EXPECT_EQ(value("weir_request_duration_seconds_sum"), "0.0135");
  EXPECT_EQ(value("weir_upstream_duration_seconds_count"), "1");
  EXPECT_EQ(value("weir_upstream_duration_seconds_sum"), "0.01");
  EXPECT_EQ(value("weir_retries_total"), "1");
  EXPECT_EQ(value("weir_received_bytes_total"), "12");
  EXPECT_EQ(value("weir_sent_bytes_total"), "345");
}

TEST_F(ExchangeMetrics, WithoutAnUpstreamThereIsNoUpstreamDuration) {
  record.times.connected = record.times.first_byte = 0;
  record.attempts = 0;
  count(registry.cells(0), series, record);
  record.times.connected = 5;  // a connection, but no response head
  count(registry.cells(0), series, record);
  EXPECT_EQ(value("weir_request_duration_seconds_count"), "2");
  EXPECT_EQ(value("weir_upstream_duration_seconds_count"), "0");
  EXPECT_EQ(value("weir_retries_total"), "0");
}

TEST_F(ExchangeMetrics, AReloadFindsTheSameSeries) {
  count(registry.cells(0), series, record);
  const ExchangeSeries again = exchange_series(registry, {"web", "shop", "canary", "shop-v2"});
  EXPECT_EQ(again.requests, series.requests);
  EXPECT_EQ(again.request_duration, series.request_duration);
  count(registry.cells(0), again, record);
  EXPECT_EQ(requests("5xx"), "2");
}

TEST_F(ExchangeMetrics, CountingAllocatesNothing) {
  const std::uint64_t before = allocations();
  for (int i = 0; i < 100; ++i) count(registry.cells(0), series, record);
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(requests("5xx"), "100");
}

}  // namespace
}  // namespace weir::observe
