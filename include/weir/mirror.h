// What can become of a copy of a request: the words of the metrics, the access log and the admin
// API. Decided by proxy/, counted by observe/.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

// A copy that was sent, or tried to be.
enum class MirrorOutcome : std::uint8_t {
  informational,  // never final; here so that a status' hundreds are an index
  successful,     // 2xx, and so on
  redirection,
  client_error,
  server_error,
  connect,       // no connection
  reset,         // the connection ended before the answer did
  timeout,       // the mirror's timeout passed
  bad_response,  // malformed
};
inline constexpr std::size_t kMirrorOutcomes = 9;
inline constexpr std::array<std::string_view, kMirrorOutcomes> kMirrorOutcomeNames = {
    "1xx", "2xx", "3xx", "4xx", "5xx", "connect", "reset", "timeout", "bad_response"};

// `status` from 100 to 599; others count as bad_response.
constexpr MirrorOutcome outcome_of_status(int status) {
  if (status < 100 || status > 599) return MirrorOutcome::bad_response;
  return static_cast<MirrorOutcome>(status / 100 - 1);
}
// An origin that answers, whatever it says, is one that can be sent to.
constexpr bool is_answer(MirrorOutcome outcome) {
  return outcome < MirrorOutcome::connect;
}

// A copy that was sampled and not sent.
enum class MirrorDrop : std::uint8_t {
  body,            // the content exceeds max_body
  bytes,           // max_bytes of the mirror
  process_bytes,   // mirror_bytes of the process
  in_flight,       // max_in_flight
  paused,          // too many failures in a row
  no_endpoint,     // the cluster has none that takes requests
  incomplete,      // the request broke off, or was answered before it was complete
  primary_failed,  // `when: after`, and there was no success to follow
  stopping,        // the process ends
};
inline constexpr std::size_t kMirrorDrops = 9;
inline constexpr std::array<std::string_view, kMirrorDrops> kMirrorDropNames = {
    "body",        "bytes",      "process_bytes",  "in_flight", "paused",
    "no_endpoint", "incomplete", "primary_failed", "stopping"};

constexpr std::string_view name_of(MirrorOutcome outcome) {
  return kMirrorOutcomeNames[static_cast<std::size_t>(outcome)];
}
constexpr std::string_view name_of(MirrorDrop drop) {
  return kMirrorDropNames[static_cast<std::size_t>(drop)];
}

}  // namespace weir
