// The series of gRPC calls, by the status their clients were sent. Named by the server while it
// builds a snapshot, for routes that lead to endpoints with HTTP/2; counted by the worker that sees
// an exchange end.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <weir/grpc.h>

#include "observe/exchange_record.h"
#include "observe/metrics.h"

namespace weir::observe {

// Behind the statuses that gRPC defines: all other numbers, and calls that ended without one.
inline constexpr std::size_t kOtherGrpcStatus = kGrpcStatuses;
inline constexpr std::size_t kMissingGrpcStatus = kGrpcStatuses + 1;

// One that was never registered counts nowhere.
struct GrpcSeries {
  std::array<CounterId, kGrpcStatuses + 2> responses;
};

// `variant` is empty without a split, `cluster` of calls that were answered before one was chosen.
GrpcSeries grpc_series(Registry& registry, std::string_view route, std::string_view variant,
                       std::string_view cluster);

void count(Cells& cells, const GrpcSeries& series, const ExchangeRecord& record);

}  // namespace weir::observe
