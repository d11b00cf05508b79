// Field by field, in the order of docs/observability.md. Names are copied with the punctuation
// around them, and values of plain ASCII, nearly all of them, eight bytes at a time.
#include "observe/json_line.h"

#include <algorithm>
#include <array>
#include <bit>

#include "observe/line_cursor.h"
#include "observe/utf8.h"

namespace weir::observe {
namespace {

constexpr std::size_t kJsonFixedBytes = 1024;  // names, punctuation, numbers, time, address, reason
// The longest that the fixed part of a try can be: names, punctuation, a reason, two numbers.
constexpr std::size_t kTryBytes = 192;
constexpr std::size_t kTryNames = 2 * limits::kNameBytes + 256;  // a cluster's and an endpoint's
static_assert(limits::kLogRingBytes / 2 >=
                  kJsonFixedBytes + 19 * kJsonGrowth * limits::kLogValueBytes +
                      limits::kLogTries * (kTryBytes + kJsonGrowth * kTryNames),
              "the longest line must find room in an empty ring");

// Eight bytes at once: is any of them a control byte, a quote, a backslash or beyond ASCII?
constexpr bool has_special(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  const auto zero_in = [](std::uint64_t w) { return (w - kOnes) & ~w; };
  const std::uint64_t control = (word - kOnes * 0x20) & ~word;
  const std::uint64_t quote = zero_in(word ^ (kOnes * '"'));
  const std::uint64_t backslash = zero_in(word ^ (kOnes * '\\'));
  return ((control | quote | backslash | word) & kHighs) != 0;
}

constexpr bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

char* write_escape(char c, char* out) {
  constexpr char kHex[] = "0123456789abcdef";
  constexpr std::string_view kNamed = "\"\\\b\f\n\r\t";
  const std::size_t named = kNamed.find(c);
  *out++ = '\\';
  if (named != std::string_view::npos) {
    *out++ = "\"\\bfnrt"[named];
    return out;
  }
  const auto byte = static_cast<unsigned char>(c);
  std::memcpy(out, "u00", 3);
  out[3] = kHex[byte >> 4];
  out[4] = kHex[byte & 15];
  return out + 5;
}

// The bytes at `at` that are not plain; moves `at` behind them.
char* write_special(const char*& at, const char* end, char* out) {
  if (static_cast<unsigned char>(*at) < 0x80) return write_escape(*at++, out);
  const std::size_t length = utf8_sequence(at, end);
  if (length == 0) {
    std::memcpy(out, "\\ufffd", kJsonGrowth);
    ++at;
    return out + kJsonGrowth;
  }
  std::memcpy(out, at, length);
  at += length;
  return out + length;
}

class JsonObject {
 public:
  explicit JsonObject(char* out) : cursor_(out) {}

  // `key` is everything from the comma to before the value: ,"name":
  template <std::size_t N>
  void text(const char (&key)[N], std::string_view value) {
    cursor_.literal(key);
    *cursor_.at++ = '"';
    cursor_.at = write_json_text(cut_value(value), cursor_.at);
    *cursor_.at++ = '"';
  }
  template <std::size_t N>
  void text_if_any(const char (&key)[N], std::string_view value) {
    if (!value.empty()) text(key, value);
  }
  template <std::size_t N>
  void number(const char (&key)[N], std::uint64_t value) {
    cursor_.literal(key);
    cursor_.number(value);
  }
  template <std::size_t N>
  void milliseconds(const char (&key)[N], std::optional<std::uint64_t> nanoseconds) {
    if (!nanoseconds) return;
    cursor_.literal(key);
    cursor_.milliseconds(*nanoseconds);
  }
  template <std::size_t N>
  void boolean(const char (&key)[N], bool value) {
    cursor_.literal(key);
    cursor_.text(value ? "true" : "false");
  }
  LineCursor& cursor() { return cursor_; }

 private:
  LineCursor cursor_;
};

// What every line has, whatever came of the request.
void write_request(JsonObject& line, const ExchangeRecord& record, std::string_view time) {
  line.cursor().literal("{\"time\":\"");
  line.cursor().text(time);
  *line.cursor().at++ = '"';
  line.text(",\"id\":", record.id);
  line.cursor().literal(",\"client\":\"");
  line.cursor().ip(record.client);
  *line.cursor().at++ = '"';
  line.text(",\"listener\":", record.listener);
  line.text(",\"method\":", record.method);
  line.text(",\"host\":", record.host);
  line.text(",\"path\":", record.path);
  line.text(",\"protocol\":", record.protocol);
  line.number(",\"status\":", static_cast<std::uint64_t>(logged_status(record)));
  if (record.grpc_status != kNoGrpcStatus) {
    line.number(",\"grpc_status\":", static_cast<std::uint64_t>(record.grpc_status));
  }
  if (record.reason != Errc::none) line.text(",\"reason\":", name_of(record.reason));
  line.number(",\"bytes_in\":", record.bytes_in);
  line.number(",\"bytes_out\":", record.bytes_out);
}

void write_decision(JsonObject& line, const ExchangeRecord& record) {
  line.text_if_any(",\"route\":", record.route);
  line.text_if_any(",\"variant\":", record.variant);
  line.text_if_any(",\"variant_reason\":", record.variant_reason);
  line.text_if_any(",\"assigned_variant\":", record.assigned_variant);
  line.text_if_any(",\"cluster\":", record.cluster);
  line.text_if_any(",\"endpoint\":", record.endpoint);
  line.number(",\"attempts\":", static_cast<std::uint64_t>(record.attempts));
  line.boolean(",\"reused\":", record.reused_connection);
  line.text_if_any(",\"mirror\":", record.mirror);
  if (record.is_copy) line.boolean(",\"copy\":", true);
}

void write_tries(JsonObject& line, std::span<const Try> tries) {
  if (tries.empty()) return;
  line.cursor().literal(",\"tries\":[");
  for (const Try& one : tries) {
    line.text("{\"cluster\":", one.cluster);
    line.text(",\"endpoint\":", one.endpoint);
    if (one.reason != Errc::none) line.text(",\"reason\":", name_of(one.reason));
    if (one.status != 0) {
      line.number(",\"upstream_status\":", static_cast<std::uint64_t>(one.status));
    }
    line.milliseconds(",\"duration_ms\":", elapsed(one.begin, one.end));
    line.cursor().literal("},");
  }
  line.cursor().at[-1] = ']';
}

void write_times(JsonObject& line, const Times& times) {
  line.milliseconds(",\"duration_ms\":", elapsed(times.begin, times.end).value_or(0));
  line.milliseconds(",\"request_ms\":", elapsed(times.begin, times.head));
  line.milliseconds(",\"connect_ms\":", elapsed(times.head, times.connected));
  line.milliseconds(",\"response_head_ms\":", elapsed(times.connected, times.first_byte));
  line.milliseconds(",\"response_ms\":", elapsed(times.first_byte, times.end));
}

}  // namespace

char* write_json_text(std::string_view text, char* out) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    std::uint64_t word;
    while (end - at >= 8) {
      std::memcpy(&word, at, 8);
      if (has_special(word)) break;
      std::memcpy(out, at, 8);
      at += 8;
      out += 8;
    }
    while (at < end && is_plain(*at)) *out++ = *at++;
    if (at < end) out = write_special(at, end, out);
  }
  return out;
}

std::size_t json_line_bound(const ExchangeRecord& record) {
  std::size_t bytes = 0;
  for (const std::string_view value :
       {record.id, record.listener, record.method, record.host, record.path, record.protocol,
        record.route, record.variant, record.variant_reason, record.cluster, record.endpoint,
        record.trace_id, record.user_agent, record.referer, record.assigned_variant, record.mirror,
        record.tls_cipher, record.tls_server_name, record.client_certificate}) {
    bytes += std::min(value.size(), limits::kLogValueBytes);
  }
  for (const Try& one : record.tries) {
    bytes += std::min(one.cluster.size(), limits::kLogValueBytes) +
             std::min(one.endpoint.size(), limits::kLogValueBytes);
  }
  return kJsonFixedBytes + record.tries.size() * kTryBytes + bytes * kJsonGrowth;
}

char* write_json_line(const ExchangeRecord& record, std::string_view time, char* out) {
  JsonObject line(out);
  write_request(line, record, time);
  write_decision(line, record);
  write_tries(line, record.tries);
  write_times(line, record.times);
  if (record.upstream_status != 0) {
    line.number(",\"upstream_status\":", static_cast<std::uint64_t>(record.upstream_status));
  }
  line.boolean(",\"tls\":", !record.tls_version.empty());
  line.text_if_any(",\"tls_version\":", record.tls_version);
  line.text_if_any(",\"tls_cipher\":", record.tls_cipher);
  line.text_if_any(",\"tls_server_name\":", record.tls_server_name);
  line.text_if_any(",\"client_certificate\":", record.client_certificate);
  line.text_if_any(",\"trace_id\":", record.trace_id);
  line.text_if_any(",\"user_agent\":", record.user_agent);
  line.text_if_any(",\"referer\":", record.referer);
  line.cursor().literal("}\n");
  return line.cursor().at;
}

}  // namespace weir::observe
