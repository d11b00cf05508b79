// One exchange as one line of the combined log format, for the tools that read Apache's and nginx's
// logs. Called by WorkerLog on the data path, straight into its ring: it never allocates, and a
// line never holds a quote, backslash, control byte or byte beyond ASCII that a client sent: those
// are written as \xHH.
#pragma once

#include <cstddef>
#include <string_view>

#include "observe/exchange_record.h"

namespace weir::observe {

// The most bytes the line of this record can take.
std::size_t combined_line_bound(const ExchangeRecord& record);

// Writes the line with its newline at `out`, which has room for combined_line_bound(record);
// returns its end. `time` is the beginning of the exchange, as WallClock::clf spells it.
char* write_combined_line(const ExchangeRecord& record, std::string_view time, char* out);

}  // namespace weir::observe
