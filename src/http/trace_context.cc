// traceparent by position: version "-" trace-id "-" parent-id "-" flags, of 2, 32, 16 and 2
// lower-case hex digits; later versions may go on after another "-".
#include "http/trace_context.h"

#include <cstdint>
#include <cstring>

namespace weir::http {
namespace {

constexpr std::size_t kTraceIdAt = 3;
constexpr std::size_t kParentIdAt = 36;
constexpr std::size_t kParentIdBytes = 16;
constexpr std::size_t kFlagsAt = 53;

constexpr bool is_lower_hex(std::string_view text) {
  for (const char c : text) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}
constexpr bool is_id(std::string_view text) {
  return is_lower_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

std::string_view trace_id_of(std::string_view traceparent) {
  if (traceparent.size() < kTraceparentBytes) return {};
  const std::string_view version = traceparent.substr(0, 2);
  if (!is_lower_hex(version) || version == "ff") return {};
  if (traceparent.size() > kTraceparentBytes &&
      (version == "00" || traceparent[kTraceparentBytes] != '-')) {
    return {};
  }
  if (traceparent[kTraceIdAt - 1] != '-' || traceparent[kParentIdAt - 1] != '-' ||
      traceparent[kFlagsAt - 1] != '-') {
    return {};
  }
  const std::string_view trace_id = traceparent.substr(kTraceIdAt, kHexIdBytes);
  const bool valid = is_id(trace_id) && is_id(traceparent.substr(kParentIdAt, kParentIdBytes)) &&
                     is_lower_hex(traceparent.substr(kFlagsAt, 2));
  return valid ? trace_id : std::string_view();
}

char* write_hex_id(char* out, std::size_t bytes, Random& random) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    if (i % 8 == 0) {
      do {
        word = random.next();
      } while (word == 0);
    }
    *out++ = "0123456789abcdef"[word >> 4 & 15];
    *out++ = "0123456789abcdef"[word & 15];
    word >>= 8;
  }
  return out;
}

std::string_view write_traceparent(char* out, Random& random) {
  std::memcpy(out, "00-", kTraceIdAt);
  const std::string_view trace_id(out + kTraceIdAt, kHexIdBytes);
  char* end = write_hex_id(out + kTraceIdAt, kHexIdBytes / 2, random);
  *end++ = '-';
  end = write_hex_id(end, kParentIdBytes / 2, random);
  std::memcpy(end, "-01", 3);
  return trace_id;
}

}  // namespace weir::http
