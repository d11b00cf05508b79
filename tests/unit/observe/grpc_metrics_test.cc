// gRPC calls by status: every number has its place, strange ones share one.
#include "observe/grpc_metrics.h"

#include <gtest/gtest.h>

#include <string>

#include "fixtures.h"
#include "prometheus_text.h"

namespace weir::observe {
namespace {

std::string grpc_responses(const Registry& registry, const std::string& status) {
  std::string out;
  registry.render(out);
  return PrometheusReader::read(out).value(
      "weir_grpc_responses_total{cluster=\"shop-v2\",grpc_status=\"" + status +
      "\",route=\"shop\",variant=\"canary\"}");
}

TEST(GrpcMetrics, CountByStatusAndNothingElse) {
  Registry registry(1);
  const GrpcSeries series = grpc_series(registry, "shop", "canary", "shop-v2");
  ExchangeRecord record = full_record();
  count(registry.cells(0), series, record);  // no call
  record.grpc = true;
  for (const int status : {0, 0, 16, 17, 999, kNoGrpcStatus}) {
    record.grpc_status = status;
    count(registry.cells(0), series, record);
  }
  EXPECT_EQ(grpc_responses(registry, "0"), "2");
  EXPECT_EQ(grpc_responses(registry, "1"), "0");
  EXPECT_EQ(grpc_responses(registry, "16"), "1");
  EXPECT_EQ(grpc_responses(registry, "other"), "2");
  EXPECT_EQ(grpc_responses(registry, "none"), "1");
  EXPECT_EQ(grpc_responses(registry, "17"), "absent");
}

TEST(GrpcMetrics, ARouteWithoutSeriesCountsNowhere) {
  Registry registry(1);
  ExchangeRecord record = full_record();
  record.grpc = true;
  count(registry.cells(0), GrpcSeries{}, record);
  std::string out;
  registry.render(out);
  EXPECT_EQ(out.find("grpc"), std::string::npos);
}

}  // namespace
}  // namespace weir::observe
