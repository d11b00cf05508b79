// Names, help texts and the arithmetic of the exchange series; docs/observability.md lists them for
// users.
#include "observe/exchange_metrics.h"

namespace weir::observe {

ExchangeSeries exchange_series(Registry& registry, const ExchangeLabels& labels) {
  const Label listener{"listener", labels.listener};
  const Label route{"route", labels.route};
  const Label variant{"variant", labels.variant};
  const Label cluster{"cluster", labels.cluster};
  const Labels common{listener, route, variant, cluster};
  ExchangeSeries series;
  for (std::size_t i = 0; i < kCodeClasses; ++i) {
    series.requests[i] =
        registry.counter("weir_requests_total", "Finished requests by class of the status sent.",
                         {listener, route, variant, cluster, {"code_class", kCodeClassNames[i]}});
  }
  series.request_duration = registry.histogram(
      "weir_request_duration_seconds",
      "From the first byte of the request to the last byte of the response, or to a tunnel's head.",
      common);
  series.upstream_duration = registry.histogram(
      "weir_upstream_duration_seconds",
      "From having a connection to the endpoint to the head of its response, last attempt.",
      common);
  series.retries = registry.counter("weir_retries_total", "Attempts beyond the first.", common);
  series.received_bytes = registry.counter("weir_received_bytes_total",
                                           "Request content received from clients.", common);
  series.sent_bytes = registry.counter("weir_sent_bytes_total",
                                       "Bytes sent to clients, response heads included.", common);
  return series;
}

void count(Cells& cells, const ExchangeSeries& series, const ExchangeRecord& record) {
  const Times& times = record.times;
  cells.add(series.requests[code_class_of(record.status)]);
  // How long a tunnel is open tells nothing about the service.
  const std::uint64_t answered = record.tunnel ? times.first_byte : times.end;
  cells.observe(series.request_duration, elapsed(times.begin, answered).value_or(0));
  if (const auto upstream = elapsed(times.connected, times.first_byte)) {
    cells.observe(series.upstream_duration, *upstream);
  }
  if (record.attempts > 1) {
    cells.add(series.retries, static_cast<std::uint64_t>(record.attempts - 1));
  }
  cells.add(series.received_bytes, record.bytes_in);
  cells.add(series.sent_bytes, record.bytes_out);
}

}  // namespace weir::observe
