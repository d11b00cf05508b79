// Names and help texts of the gRPC series; docs/observability.md lists them.
#include "observe/grpc_metrics.h"

#include <string>

namespace weir::observe {
namespace {

std::string grpc_label(std::size_t index) {
  if (index == kOtherGrpcStatus) return "other";
  if (index == kMissingGrpcStatus) return "none";
  return std::to_string(index);
}

std::size_t grpc_index(int status) {
  if (status == kNoGrpcStatus) return kMissingGrpcStatus;
  const auto number = static_cast<std::size_t>(status);
  return number < kGrpcStatuses ? number : kOtherGrpcStatus;
}

}  // namespace

GrpcSeries grpc_series(Registry& registry, std::string_view route, std::string_view variant,
                       std::string_view cluster) {
  GrpcSeries series;
  for (std::size_t i = 0; i < series.responses.size(); ++i) {
    series.responses[i] = registry.counter(
        "weir_grpc_responses_total", "Finished gRPC calls by the status their clients were sent.",
        {{"route", route},
         {"variant", variant},
         {"cluster", cluster},
         {"grpc_status", grpc_label(i)}});
  }
  return series;
}

void count(Cells& cells, const GrpcSeries& series, const ExchangeRecord& record) {
  if (record.grpc) cells.add(series.responses[grpc_index(record.grpc_status)]);
}

}  // namespace weir::observe
