// Why an HTTP/2 connection or stream was ended for what its client did: the words of the metrics
// and of the log. Decided by http/ and proxy/, counted by the server.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

enum class H2Abuse : std::uint8_t {
  resets,          // streams reset, by the client or for its faults (CVE-2023-44487, CVE-2025-8671)
  continuations,   // CONTINUATION frames without end (CVE-2024-28182)
  header_bomb,     // a header block that decodes to far more than is allowed (CVE-2016-6581)
  settings,        // SETTINGS frames (CVE-2019-9515)
  pings,           // PING frames (CVE-2019-9512)
  priorities,      // PRIORITY and PRIORITY_UPDATE frames (CVE-2019-9513)
  empty_frames,    // frames with nothing in them (CVE-2019-9518)
  late_frames,     // HEADERS and DATA on streams that have ended
  window_updates,  // more WINDOW_UPDATE frames than there was anything to take
  unknown_frames,  // of types that nobody knows
  answer_backlog,  // more acknowledgements asked for than taken (CVE-2019-9514)
  slow_reading,    // no window or no reading for too long (CVE-2019-9511, CVE-2019-9517)
  slow_head,       // a preface or a header block that does not end
  protocol_error,  // against RFC 9113: the whole connection ended
  malformed,       // a request against RFC 9113: its stream was reset
};
inline constexpr std::size_t kH2Abuses = 15;
inline constexpr std::array<std::string_view, kH2Abuses> kH2AbuseNames = {
    "resets",         "continuations", "header_bomb", "settings",       "pings",
    "priorities",     "empty_frames",  "late_frames", "window_updates", "unknown_frames",
    "answer_backlog", "slow_reading",  "slow_head",   "protocol_error", "malformed"};

constexpr std::string_view name_of(H2Abuse abuse) {
  return kH2AbuseNames[static_cast<std::size_t>(abuse)];
}

}  // namespace weir
