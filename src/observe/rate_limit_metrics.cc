// Names and help texts of the rate limits' series; docs/observability.md lists them.
#include "observe/rate_limit_metrics.h"

namespace weir::observe {

RateLimitSeries rate_limit_series(Registry& registry, std::string_view route) {
  return {.refused = registry.counter("weir_rate_limited_total",
                                      "Requests answered 429 because of the route's rate limit.",
                                      {{"route", route}}),
          .forgotten_keys = registry.counter(
              "weir_rate_limit_forgotten_keys_total",
              "Keys whose count was dropped to make room for another key.", {{"route", route}})};
}

void count(Cells& cells, const RateLimitSeries& series, const ExchangeRecord& record) {
  if (record.reason == Errc::rate_limited) cells.add(series.refused);
  if (record.forgot_rate_key) cells.add(series.forgotten_keys);
}

}  // namespace weir::observe
