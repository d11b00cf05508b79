// The series of a route's rate limit. Named by the server while it builds a snapshot, counted by
// the worker that sees an exchange end.
#pragma once

#include <string_view>

#include "observe/exchange_record.h"
#include "observe/metrics.h"

namespace weir::observe {

struct RateLimitSeries {
  CounterId refused;
  CounterId forgotten_keys;
};

RateLimitSeries rate_limit_series(Registry& registry, std::string_view route);

void count(Cells& cells, const RateLimitSeries& series, const ExchangeRecord& record);

}  // namespace weir::observe
