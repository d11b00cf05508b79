// Every byte at every place that decides where a message ends: before, in and after the names and
// values of Transfer-Encoding and Content-Length, around a chunk's size and in its line ends. What
// the corpus shows by example is exhaustive here: there are exactly the accepted spellings below,
// everything else is refused or another field.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "http/h1_parser.h"

namespace weir::http {
namespace {

constexpr int kBytes = 256;

// What became of the head of one request, or of the whole when its content is asked for.
struct Reading {
  bool head = false;
  bool complete = false;
  bool refused = false;
  Framing framing = Framing::none;
  std::uint64_t length = 0;
};

Reading read(const std::string& message) {
  RequestHead head;
  H1RequestParser parser;
  parser.reset(head, HeadLimits{}, UnderscorePolicy::drop);
  const ParseStep step = parser.feed(message);
  Reading reading{step.head, step.complete, static_cast<bool>(step.error)};
  if (step.head) {
    reading.framing = head.framing();
    reading.length = head.content_length();
  }
  return reading;
}

std::string with_lines(std::string_view lines) {
  return "POST / HTTP/1.1\r\nHost: a.example\r\n" + std::string(lines) + "\r\n\r\n";
}

// RFC 9110 section 5.6.2.
bool is_token_byte(char c) {
  const bool alphanumeric =
      (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return alphanumeric || (c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
}
bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::string shown(std::string_view where, int byte) {
  return std::string(where) + ", byte " + std::to_string(byte);
}

// The byte made another, harmless field of the line, or the request was refused.
void expect_other_field_or_refused(const Reading& reading, bool other_field,
                                   const std::string& where) {
  EXPECT_EQ(reading.head, other_field) << where;
  EXPECT_NE(reading.refused, other_field) << where;
  if (reading.head) {
    EXPECT_EQ(reading.framing, Framing::none) << where;
  }
}

TEST(FramingSweep, names_of_framing_fields) {
  for (const std::string name : {"Transfer-Encoding", "Content-Length"}) {
    const std::string value = name.starts_with('T') ? ": chunked" : ": 0";
    for (int byte = 0; byte < kBytes; ++byte) {
      const char c = static_cast<char>(byte);
      for (std::size_t at = 0; at <= name.size(); ++at) {
        std::string line = name;
        line.insert(at, 1, c);
        // A colon ends the name early: a field of another name, unless it is none or the whole
        // name.
        const bool other = is_token_byte(c) || (c == ':' && at > 0 && at < name.size());
        expect_other_field_or_refused(read(with_lines(line + value)), other,
                                      shown(name + " at " + std::to_string(at), byte));
      }
    }
  }
}

TEST(FramingSweep, value_of_transfer_encoding) {
  constexpr std::string_view kChunked = "chunked";
  for (int byte = 0; byte < kBytes; ++byte) {
    const char c = static_cast<char>(byte);
    for (std::size_t at = 0; at <= kChunked.size(); ++at) {
      std::string value(kChunked);
      value.insert(at, 1, c);
      // RFC 9110 section 5.6.3 allows a tab behind as well; peers differ about it, so it is
      // refused.
      const bool valid = at == 0 ? is_blank(c) : at == kChunked.size() && c == ' ';
      const Reading reading = read(with_lines("Transfer-Encoding:" + value) + "0\r\n\r\n");
      const std::string where = shown("value at " + std::to_string(at), byte);
      EXPECT_EQ(reading.complete, valid) << where;
      EXPECT_NE(reading.complete, reading.refused) << where;
      EXPECT_EQ(reading.head, reading.complete) << where;
    }
  }
}

TEST(FramingSweep, transfer_encoding_never_travels_with_a_length) {
  for (int byte = 0; byte < kBytes; ++byte) {
    const std::string coding =
        "Transfer-Encoding: chunked" + std::string(1, static_cast<char>(byte));
    EXPECT_TRUE(read(with_lines(coding + "\r\nContent-Length: 5")).refused) << byte;
    EXPECT_TRUE(read(with_lines("Content-Length: 5\r\n" + coding)).refused) << byte;
  }
}

TEST(FramingSweep, value_of_content_length) {
  for (int byte = 0; byte < kBytes; ++byte) {
    const char c = static_cast<char>(byte);
    for (std::size_t at = 0; at <= 2; ++at) {
      std::string value = "12";
      value.insert(at, 1, c);
      const bool valid = is_digit(c) || (at != 1 && is_blank(c));
      const Reading reading = read(with_lines("Content-Length:" + value));
      const std::string where = shown("value at " + std::to_string(at), byte);
      EXPECT_EQ(reading.head, valid) << where;
      EXPECT_NE(reading.refused, valid) << where;
      if (!reading.head) continue;
      EXPECT_EQ(reading.framing, Framing::length) << where;
      EXPECT_EQ(reading.length, is_digit(c) ? std::stoull(value) : 12U) << where;
    }
  }
}

TEST(FramingSweep, size_of_a_chunk) {
  for (int byte = 0; byte < kBytes; ++byte) {
    const char c = static_cast<char>(byte);
    for (std::size_t at = 0; at <= 2; ++at) {
      std::string size = "12";
      size.insert(at, 1, c);
      const std::string message = with_lines("Transfer-Encoding: chunked") + size + "\r\nx";
      const bool begins_extension = c == ';' && at > 0;  // whose own rules the corpus shows
      if (begins_extension) continue;
      EXPECT_NE(read(message).refused, is_hex_digit(c))
          << shown("size at " + std::to_string(at), byte);
    }
  }
}

TEST(FramingSweep, line_ends_of_a_chunk) {
  const std::string head = with_lines("Transfer-Encoding: chunked");
  const std::string chunks = "1\r\nx\r\n0\r\n\r\n";
  for (std::size_t at = 0; at < chunks.size(); ++at) {
    if (chunks[at] != '\r' && chunks[at] != '\n') continue;
    const bool final_line = at >= chunks.size() - 2;  // where a trailer field may begin instead
    for (int byte = 0; byte < kBytes; ++byte) {
      const char c = static_cast<char>(byte);
      const bool size_goes_on = chunks[at] == '\r' && is_digit(chunks[at - 1]);
      if (c == chunks[at] || (size_goes_on && (is_hex_digit(c) || c == ';'))) continue;
      std::string changed = chunks;
      changed[at] = c;
      const Reading reading = read(head + changed);
      const std::string where = shown("line end at " + std::to_string(at), byte);
      EXPECT_FALSE(reading.complete) << where;
      EXPECT_TRUE(reading.refused || final_line) << where;
    }
  }
}

}  // namespace
}  // namespace weir::http
