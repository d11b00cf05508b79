// Writes and reads HTTP/2 frames plainly: for tests that say every byte, also wrong ones. Header
// blocks are written as literals without indexing; they are read with nghttp2's decoder, which
// shares no code with what is tested here but the library.
#pragma once

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::test::h2 {

using Fields = std::vector<std::pair<std::string, std::string>>;

enum Type : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kRst = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoaway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
  kPriorityUpdate = 16,
};
inline constexpr std::uint8_t kEndStream = 1;
inline constexpr std::uint8_t kAck = 1;
inline constexpr std::uint8_t kEndHeaders = 4;
inline constexpr std::uint8_t kPadded = 8;

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

inline std::string number(std::uint32_t value, int bytes = 4) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

inline std::string frame(std::uint8_t type, std::uint8_t flags, std::int32_t stream,
                         std::string_view payload = {}) {
  std::string out = number(static_cast<std::uint32_t>(payload.size()), 3);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  return out + number(static_cast<std::uint32_t>(stream)) + std::string(payload);
}

// An HPACK integer behind a byte with nothing else in it (RFC 7541 section 5.1).
inline std::string prefixed(std::size_t value, int bits, std::uint8_t first = 0) {
  const std::size_t most = (std::size_t{1} << bits) - 1;
  if (value < most) return {static_cast<char>(first | value)};
  std::string out{static_cast<char>(first | most)};
  for (value -= most; value >= 128; value /= 128) out += static_cast<char>(value % 128 + 128);
  return out + static_cast<char>(value);
}

inline std::string block(const Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += '\0';
    out += prefixed(name.size(), 7) + name + prefixed(value.size(), 7) + value;
  }
  return out;
}

// In as many frames as it takes.
inline std::string headers(std::int32_t stream, const Fields& fields, bool end = true) {
  constexpr std::size_t kMost = 16384;
  std::string rest = block(fields);
  std::string out;
  for (bool first = true; first || !rest.empty(); first = false) {
    const std::string piece = rest.substr(0, kMost);
    rest.erase(0, piece.size());
    const int flags = (rest.empty() ? kEndHeaders : 0) | (first && end ? kEndStream : 0);
    out += frame(first ? kHeaders : kContinuation, static_cast<std::uint8_t>(flags), stream, piece);
  }
  return out;
}
inline std::string data(std::int32_t stream, std::string_view bytes, bool end = false) {
  return frame(kData, end ? kEndStream : 0, stream, bytes);
}
inline std::string settings(
    const std::vector<std::pair<std::uint16_t, std::uint32_t>>& entries = {}) {
  std::string payload;
  for (const auto& [id, value] : entries) payload += number(id, 2) + number(value);
  return frame(kSettings, 0, 0, payload);
}
inline std::string settings_ack() {
  return frame(kSettings, kAck, 0);
}
inline std::string ping(std::string_view eight = "12345678", bool ack = false) {
  return frame(kPing, ack ? kAck : 0, 0, eight);
}
inline std::string rst(std::int32_t stream, std::uint32_t code) {
  return frame(kRst, 0, stream, number(code));
}
inline std::string window_update(std::int32_t stream, std::uint32_t by) {
  return frame(kWindowUpdate, 0, stream, number(by));
}

// A client's first bytes.
inline std::string hello(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& entries = {}) {
  return std::string(kPreface) + settings(entries) + settings_ack();
}

inline Fields request_fields(std::string_view method = "GET", std::string_view path = "/",
                             const Fields& more = {}) {
  Fields fields = {{":method", std::string(method)},
                   {":scheme", "http"},
                   {":authority", "a.test"},
                   {":path", std::string(path)}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}
inline std::string get(std::int32_t stream, std::string_view path = "/") {
  return headers(stream, request_fields("GET", path));
}

struct Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::int32_t stream = 0;
  std::string payload;
  bool ends_stream() const { return (flags & kEndStream) != 0; }
};

struct Answer {
  int status = 0;
  std::vector<int> interim;
  Fields fields;
  std::string body;
  Fields trailers;
  bool ended = false;
  std::optional<std::uint32_t> reset;

  // "-" when it is absent.
  std::string field(std::string_view name) const { return value_in(fields, name); }
  std::string trailer(std::string_view name) const { return value_in(trailers, name); }

 private:
  static std::string value_in(const Fields& all, std::string_view name) {
    for (const auto& [its_name, value] : all) {
      if (its_name == name) return value;
    }
    return "-";
  }
};

// What a server said so far.
class Reader {
 public:
  Reader() { nghttp2_hd_inflate_new(&inflater_); }
  ~Reader() { nghttp2_hd_inflate_del(inflater_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void read(std::string_view bytes) {
    rest_ += bytes;
    while (rest_.size() >= 9) {
      const std::size_t size = value(rest_.substr(0, 3));
      if (rest_.size() < 9 + size) return;
      Frame one{.type = static_cast<std::uint8_t>(rest_[3]),
                .flags = static_cast<std::uint8_t>(rest_[4]),
                .stream = static_cast<std::int32_t>(value(rest_.substr(5, 4))),
                .payload = rest_.substr(9, size)};
      rest_.erase(0, 9 + size);
      note(one);
      frames_.push_back(std::move(one));
    }
  }

  const std::vector<Frame>& frames() const { return frames_; }
  std::vector<Frame> frames(std::uint8_t type) const {
    std::vector<Frame> found;
    for (const Frame& one : frames_) {
      if (one.type == type) found.push_back(one);
    }
    return found;
  }
  Answer& answer(std::int32_t stream) { return answers_[stream]; }
  // Of the last GOAWAY: last stream and code.
  std::optional<std::pair<std::uint32_t, std::uint32_t>> goaway() const {
    const auto all = frames(kGoaway);
    if (all.empty()) return {};
    return std::pair(value(all.back().payload.substr(0, 4)),
                     value(all.back().payload.substr(4, 4)));
  }
  std::optional<std::uint32_t> goaway_code() const {
    const auto last = goaway();
    return last ? std::optional(last->second) : std::nullopt;
  }
  std::map<std::uint16_t, std::uint32_t> server_settings() const {
    std::map<std::uint16_t, std::uint32_t> found;
    for (const Frame& one : frames(kSettings)) {
      for (std::size_t at = 0; at + 6 <= one.payload.size(); at += 6) {
        found[static_cast<std::uint16_t>(value(one.payload.substr(at, 2)))] =
            value(one.payload.substr(at + 2, 4));
      }
    }
    return found;
  }
  // How much of a window was opened by WINDOW_UPDATE.
  std::uint64_t opened(std::int32_t stream) const {
    std::uint64_t sum = 0;
    for (const Frame& one : frames(kWindowUpdate)) {
      if (one.stream == stream) sum += value(one.payload);
    }
    return sum;
  }
  static std::uint32_t value(std::string_view bytes) {
    std::uint32_t out = 0;
    for (const char c : bytes) out = out << 8 | static_cast<std::uint8_t>(c);
    return out;
  }

 private:
  void note(const Frame& one) {
    Answer& answer = answers_[one.stream];
    if (one.type == kData) answer.body += one.payload;
    if (one.type == kRst) answer.reset = value(one.payload);
    if (one.type == kHeaders) note_fields(answer, decode(one.payload));
    if (one.type == kHeaders || one.type == kData) answer.ended |= one.ends_stream();
  }
  static void note_fields(Answer& answer, Fields fields) {
    const bool head = !fields.empty() && fields[0].first == ":status";
    if (!head) {
      answer.trailers = std::move(fields);
      return;
    }
    const int status = std::stoi(fields[0].second);
    if (status < 200) {
      answer.interim.push_back(status);
      return;
    }
    EXPECT_EQ(answer.status, 0) << "two final answers";
    answer.status = status;
    answer.fields = std::move(fields);
  }
  Fields decode(std::string_view bytes) {
    Fields fields;
    auto* at = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t left = bytes.size();
    for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
      nghttp2_nv nv;
      const auto used = nghttp2_hd_inflate_hd2(inflater_, &nv, &flags, at, left, 1);
      if (used < 0) {
        ADD_FAILURE() << "a header block that cannot be decoded";
        return fields;
      }
      at += used;
      left -= static_cast<std::size_t>(used);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0) continue;
      fields.emplace_back(std::string(reinterpret_cast<const char*>(nv.name), nv.namelen),
                          std::string(reinterpret_cast<const char*>(nv.value), nv.valuelen));
    }
    nghttp2_hd_inflate_end_headers(inflater_);
    return fields;
  }

  nghttp2_hd_inflater* inflater_ = nullptr;
  std::string rest_;
  std::vector<Frame> frames_;
  std::map<std::int32_t, Answer> answers_;
};

}  // namespace weir::test::h2
