// One exchange as one line of JSON, the default access log. Called by WorkerLog on the data path,
// straight into its ring: it never allocates, and the line is valid JSON whatever bytes a client
// sent. docs/observability.md is the contract of the fields.
#pragma once

#include <cstddef>
#include <string_view>

#include "observe/exchange_record.h"

namespace weir::observe {

// The most bytes the line of this record can take.
std::size_t json_line_bound(const ExchangeRecord& record);

// Writes the line with its newline at `out`, which has room for json_line_bound(record); returns
// its end. `time` is the beginning of the exchange, as WallClock::rfc3339 spells it.
char* write_json_line(const ExchangeRecord& record, std::string_view time, char* out);

// The text of a JSON string without its quotes (RFC 8259 section 7). An ill-formed UTF-8 byte
// becomes \ufffd, so at most kJsonGrowth bytes come out for one; returns the end.
inline constexpr std::size_t kJsonGrowth = 6;
char* write_json_text(std::string_view text, char* out);

}  // namespace weir::observe
