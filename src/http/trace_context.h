// The W3C traceparent field, version 00 and its successors: is it valid, which trace is it of, and
// a new one. Pure. Used by forwarding.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/random.h"

namespace weir::http {

inline constexpr std::size_t kHexIdBytes = 32;  // a trace id or request id in text
inline constexpr std::size_t kTraceparentBytes = 55;

// The trace id (32 hex digits, a view of `traceparent`), empty when the value is not valid.
std::string_view trace_id_of(std::string_view traceparent);

// Writes 2 * `bytes` (at most 16) lower-case hex digits, not all zero, and returns the end.
char* write_hex_id(char* out, std::size_t bytes, Random& random);

// Writes a new, sampled trace of kTraceparentBytes and returns the view of its trace id.
std::string_view write_traceparent(char* out, Random& random);

}  // namespace weir::http
