// What is known of one exchange when it ends: the source of its access log line and of its
// counters. Filled by proxy/exchange as the exchange goes; views borrow from the exchange's heads
// and the snapshot, so a record is consumed before the exchange is reset.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <weir/address.h>
#include <weir/error.h>
#include <weir/variant.h>

namespace weir::observe {

// Ends of the measured parts, nanoseconds of the monotonic clock; 0 = never got there.
struct Times {
  std::uint64_t begin = 0;       // the request's first byte was read
  std::uint64_t head = 0;        // request head complete
  std::uint64_t connected = 0;   // the (last) attempt had a connection
  std::uint64_t first_byte = 0;  // response head received
  std::uint64_t end = 0;  // the last byte was handed to the socket, or the exchange was given up
};

// From one end to a later one; nothing when the exchange never got to either of them.
constexpr std::optional<std::uint64_t> elapsed(std::uint64_t from, std::uint64_t to) {
  if (from == 0 || to < from) return {};
  return to - from;
}

inline constexpr std::uint8_t kNoVariant = 0xff;
inline constexpr int kNoGrpcStatus = -1;

// What a split made of a request, for the counters: indexes are of the route's variants.
struct SplitTrail {
  std::uint8_t assigned = kNoVariant;
  std::uint8_t served = kNoVariant;  // another one after a failover or a rescue
  VariantReason assigned_for = VariantReason::none;
  bool failed_over = false;
  bool rescued = false;
  bool rescue_refused = false;  // the budget was spent
  bool wrong_secret = false;    // an override that was not permitted
  bool unknown_override = false;
};

// One try at an endpoint, of an exchange that made several.
struct Try {
  std::string_view cluster;
  std::string_view endpoint;
  Errc reason = Errc::none;  // why it failed, if it was not by its status
  int status = 0;            // the endpoint's answer, 0 = none
  std::uint64_t begin = 0;   // nanoseconds of the monotonic clock
  std::uint64_t end = 0;
};

struct ExchangeRecord {
  Times times;
  std::string_view id;  // X-Request-Id
  IpAddress client;     // after trusted_proxies
  std::string_view listener;
  std::string_view method;
  std::string_view host;
  std::string_view path;  // path and query as received
  std::string_view protocol = "HTTP/1.1";
  int status = 0;  // sent to the client; 0 = nothing was sent (logged as 499 when the client left)
  int upstream_status = 0;      // of the last attempt, 0 = none
  Errc reason = Errc::none;     // why it is an own answer or was cut short
  std::uint64_t bytes_in = 0;   // content received
  std::uint64_t bytes_out = 0;  // all bytes sent to the client
  std::string_view route;
  std::string_view variant;           // with a split: the one that served
  std::string_view assigned_variant;  // when that was another one
  std::string_view variant_reason;
  std::string_view cluster;
  std::string_view endpoint;  // of the last attempt
  std::string_view mirror;    // what became of copies: "shop-next=sent"; of a copy: its outcome
  bool is_copy = false;       // this is no client's request, but a mirror's copy of one
  SplitTrail split;
  bool grpc = false;                // a gRPC call
  int grpc_status = kNoGrpcStatus;  // that the client was sent
  bool tunnel = false;              // it switched protocols, and ended with the tunnel
  bool forgot_rate_key = false;     // the route's rate limit had no room for another key
  int attempts = 0;
  std::span<const Try> tries;      // when there were several: all, in order
  bool reused_connection = false;  // the last attempt ran on a pooled connection
  std::string_view tls_version;    // empty: the client's connection is plain
  std::string_view tls_cipher;
  std::string_view tls_server_name;     // that the client asked for
  std::string_view client_certificate;  // its subject, where the client proved one
  std::string_view trace_id;
  std::string_view user_agent;
  std::string_view referer;
};

// The status a log line shows: what was sent, 499 when the client left before anything was, else 0.
inline int logged_status(const ExchangeRecord& record) {
  if (record.status != 0) return record.status;
  const bool left = side_of(record.reason) == Side::downstream && status_of(record.reason) == 0;
  return left ? 499 : 0;
}

}  // namespace weir::observe
