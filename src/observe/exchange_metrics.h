// The series that every finished exchange counts in, by listener, route, variant and cluster.
// Resolved by the server while it builds a snapshot; counted by proxy/exchange::finish on the
// worker's thread. Counting is a handful of plain additions: it never looks a name up, allocates or
// reads a clock.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "observe/exchange_record.h"
#include "observe/metrics.h"

namespace weir::observe {

// The labels of a series; empty is a fine value (no split: no variant; a redirect: no cluster).
struct ExchangeLabels {
  std::string_view listener;
  std::string_view route;
  std::string_view variant;
  std::string_view cluster;
};

inline constexpr std::size_t kCodeClasses = 6;
// 1xx to 5xx by the status sent to the client, "none" when nothing was sent.
inline constexpr std::array<std::string_view, kCodeClasses> kCodeClassNames = {
    "none", "1xx", "2xx", "3xx", "4xx", "5xx"};
constexpr std::size_t code_class_of(int status) {
  return status >= 100 && status <= 599 ? static_cast<std::size_t>(status / 100) : 0;
}

struct ExchangeSeries {
  std::array<CounterId, kCodeClasses> requests;  // index: code_class_of()
  HistogramId request_duration;
  HistogramId upstream_duration;
  CounterId retries;
  CounterId received_bytes;
  CounterId sent_bytes;
};

// Any thread but not on the data path. The same labels give the same series on every call.
ExchangeSeries exchange_series(Registry& registry, const ExchangeLabels& labels);

void count(Cells& cells, const ExchangeSeries& series, const ExchangeRecord& record);

}  // namespace weir::observe
