// Every limit of heads and chunk framing: one below and at it passes, one above is refused with its
// own code, and refused as soon as it is passed.
#include <gtest/gtest.h>

#include "http/chunk_meter.h"
#include "unit/http/parsing.h"

namespace weir::http {
namespace {

std::string x(std::size_t count) {
  return std::string(count, 'x');
}

// Whole and in pieces.
Errc request_error(const std::string& bytes, const HeadLimits& limits = {}) {
  RequestParse parse;
  parse.limits = limits;
  const Outcome whole = parse.run(bytes);
  const std::size_t piece = bytes.size() < 2000 ? 1 : 13;
  const Outcome cut = parse.run(bytes, 1, piece);
  EXPECT_EQ(name_of(whole.error), name_of(cut.error));
  EXPECT_EQ(whole.complete, cut.complete);
  EXPECT_TRUE(whole.complete || whole.error != Errc::none);
  return whole.error;
}

std::string with_target(std::size_t size) {
  return "GET /" + x(size - 1) + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

TEST(Limits, Target) {
  EXPECT_EQ(request_error(with_target(limits::kTargetBytes - 1)), Errc::none);
  EXPECT_EQ(request_error(with_target(limits::kTargetBytes)), Errc::none);
  EXPECT_EQ(request_error(with_target(limits::kTargetBytes + 1)), Errc::target_too_long);
}

TEST(Limits, TargetThatNeverEnds) {
  RequestParse parse;
  const Outcome outcome = parse.run("GET /" + x(limits::kTargetBytes + 1), 1, 100);
  EXPECT_EQ(outcome.error, Errc::target_too_long);
}

std::string with_head(std::size_t size) {
  const std::string around = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n";
  return "GET / HTTP/1.1\r\nHost: a\r\nX: " + x(size - around.size()) + "\r\n\r\n";
}

TEST(Limits, Head) {
  for (const std::size_t limit : {std::size_t{200}, limits::kHeadBytes}) {
    const HeadLimits limits{.head_bytes = limit};
    EXPECT_EQ(request_error(with_head(limit - 1), limits), Errc::none);
    EXPECT_EQ(request_error(with_head(limit), limits), Errc::none);
    EXPECT_EQ(request_error(with_head(limit + 1), limits), Errc::head_too_large);
  }
}

TEST(Limits, HeadThatNeverEndsIsNotKept) {
  for (const std::string& bytes :
       {"GET / HTTP/1.1\r\nX:" + std::string(1000, ' '), "GET / HTTP/1.1\r\n" + x(1000),
        "GET " + std::string(1000, ' ')}) {
    RequestParse parse;
    parse.limits.head_bytes = 200;
    EXPECT_EQ(parse.run(bytes, 1, 10).error, Errc::head_too_large) << bytes;
    EXPECT_LE(parse.head.bytes().size(), 200u);
    EXPECT_EQ(parse.run(bytes).error, Errc::head_too_large) << bytes;
  }
}

TEST(Limits, ContentBehindTheHeadDoesNotCount) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n";
  EXPECT_EQ(request_error(head + x(1000), {.head_bytes = head.size()}), Errc::none);
  EXPECT_EQ(request_error(head + x(1000), {.head_bytes = head.size() - 1}), Errc::head_too_large);
}

std::string with_fields(std::size_t count) {
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::size_t i = 1; i < count; ++i) bytes += "X:\r\n";
  return bytes + "\r\n";
}

TEST(Limits, Fields) {
  for (const std::size_t limit : {std::size_t{5}, limits::kFields}) {
    EXPECT_EQ(request_error(with_fields(limit - 1), {.fields = limit}), Errc::none);
    EXPECT_EQ(request_error(with_fields(limit), {.fields = limit}), Errc::none);
    EXPECT_EQ(request_error(with_fields(limit + 1), {.fields = limit}), Errc::too_many_fields);
  }
}

std::string with_trailers(std::string_view trailers) {
  return request_with("Transfer-Encoding: chunked\r\n", "0\r\n" + std::string(trailers) + "\r\n");
}

TEST(Limits, TrailersCountAsFields) {
  EXPECT_EQ(request_error(with_trailers("X:\r\n"), {.fields = 4}), Errc::none);
  EXPECT_EQ(request_error(with_trailers("X:\r\nY:\r\n"), {.fields = 4}), Errc::none);
  EXPECT_EQ(request_error(with_trailers("X:\r\nY:\r\nZ:\r\n"), {.fields = 4}),
            Errc::too_many_fields);
}

TEST(Limits, TrailersCountAsHead) {
  const std::size_t head = request_with("Transfer-Encoding: chunked\r\n").size();
  const HeadLimits limits{.head_bytes = head + 100};
  const std::size_t around = std::string_view("X: \r\n\r\n").size();
  for (const std::string& value : {x(100), std::string(100, ' ')}) {
    const auto trailer = [&](std::size_t size) {
      return with_trailers("X: " + value.substr(0, size - around) + "\r\n");
    };
    EXPECT_EQ(request_error(trailer(99), limits), Errc::none);
    EXPECT_EQ(request_error(trailer(100), limits), Errc::none);
    EXPECT_EQ(request_error(trailer(101), limits), Errc::head_too_large);
  }
}

TEST(Limits, TrailerThatNeverEnds) {
  const std::string head = request_with("Transfer-Encoding: chunked\r\n", "0\r\nX:");
  RequestParse parse;
  parse.limits.head_bytes = 300;
  EXPECT_EQ(parse.run(head + std::string(400, ' ')).error, Errc::head_too_large);
  EXPECT_EQ(parse.run(head + std::string(400, ' '), 1, 1).error, Errc::head_too_large);
}

TEST(Limits, FieldName) {
  const auto with_name = [](std::size_t size) { return request_with(x(size) + ": 1\r\n"); };
  EXPECT_EQ(request_error(with_name(limits::kFieldNameBytes - 1)), Errc::none);
  EXPECT_EQ(request_error(with_name(limits::kFieldNameBytes)), Errc::none);
  EXPECT_EQ(request_error(with_name(limits::kFieldNameBytes + 1)), Errc::head_too_large);
  EXPECT_EQ(request_error(with_trailers(x(limits::kFieldNameBytes) + ": 1\r\n")), Errc::none);
  EXPECT_EQ(request_error(with_trailers(x(limits::kFieldNameBytes + 1) + ": 1\r\n")),
            Errc::head_too_large);
}

TEST(Limits, LeadingEmptyLines) {
  const auto with_lines = [](std::size_t count) {
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i) bytes += "\r\n";
    return bytes + "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  EXPECT_EQ(request_error(with_lines(limits::kLeadingEmptyLines - 1)), Errc::none);
  EXPECT_EQ(request_error(with_lines(limits::kLeadingEmptyLines)), Errc::none);
  EXPECT_EQ(request_error(with_lines(limits::kLeadingEmptyLines + 1)), Errc::bad_request_line);
}

std::string with_chunk(const std::string& line) {
  return request_with("Transfer-Encoding: chunked\r\n", line + "\r\nx\r\n0\r\n\r\n");
}

TEST(Limits, ChunkExtension) {
  const std::size_t limit = limits::kChunkExtensionBytes;
  EXPECT_EQ(request_error(with_chunk("1;" + x(limit - 2))), Errc::none);
  EXPECT_EQ(request_error(with_chunk("1;" + x(limit - 1))), Errc::none);
  EXPECT_EQ(request_error(with_chunk("1;" + x(limit))), Errc::bad_chunk);
  EXPECT_EQ(request_error(with_chunk("1;a=" + x(limit - 3))), Errc::none);
  EXPECT_EQ(request_error(with_chunk("1;a=" + x(limit - 2))), Errc::bad_chunk);
}

TEST(Limits, ChunkExtensionThatNeverEnds) {
  RequestParse parse;
  const std::string bytes =
      request_with("Transfer-Encoding: chunked\r\n", "1;a=" + x(limits::kChunkExtensionBytes + 10));
  EXPECT_EQ(parse.run(bytes).error, Errc::bad_chunk);
  EXPECT_EQ(parse.run(bytes, 1, 10).error, Errc::bad_chunk);
}

TEST(Limits, AllChunkExtensionsTogether) {
  // `count` chunks of one byte, each with an extension of 100 bytes.
  const auto chunks = [](std::size_t count) {
    std::string content;
    for (std::size_t i = 0; i < count; ++i) content += "1;" + x(99) + "\r\nx\r\n";
    return request_with("Transfer-Encoding: chunked\r\n", content + "0\r\n\r\n");
  };
  // 100 n <= 16384 + (n - 1) / 2 when the last extension is judged, before its own byte of content.
  EXPECT_EQ(request_error(chunks(163)), Errc::none);
  EXPECT_EQ(request_error(chunks(164)), Errc::none);
  EXPECT_EQ(request_error(chunks(165)), Errc::bad_chunk);
}

TEST(Limits, ChunkSizeDigits) {
  for (const std::string& after : {std::string(), std::string(";a")}) {
    EXPECT_EQ(request_error(with_chunk(std::string(14, '0') + "1" + after)), Errc::none);
    EXPECT_EQ(request_error(with_chunk(std::string(15, '0') + "1" + after)), Errc::none);
    EXPECT_EQ(request_error(with_chunk(std::string(16, '0') + "1" + after)), Errc::bad_chunk);
  }
  const auto last = [](std::size_t zeros, const char* trailers) {
    return request_with("Transfer-Encoding: chunked\r\n",
                        std::string(zeros, '0') + "\r\n" + trailers + "\r\n");
  };
  for (const char* trailers : {"", "X: 1\r\n"}) {
    EXPECT_EQ(request_error(last(16, trailers)), Errc::none);
    EXPECT_EQ(request_error(last(17, trailers)), Errc::bad_chunk);
  }
  RequestParse parse;
  EXPECT_EQ(parse.run(request_with("Transfer-Encoding: chunked\r\n", std::string(100, '0'))).error,
            Errc::bad_chunk);
}

TEST(Limits, ConnectionOptions) {
  const auto with_options = [](std::size_t count) {
    std::string value = "a";
    for (std::size_t i = 1; i < count; ++i) value += ",a";
    return request_with("Connection: " + value + "\r\n");
  };
  EXPECT_EQ(request_error(with_options(limits::kFields)), Errc::none);
  EXPECT_EQ(request_error(with_options(limits::kFields + 1)), Errc::bad_field);
}

TEST(Limits, OfResponsesAreTheOrigins) {
  ResponseParse parse;
  parse.limits = {.head_bytes = 100, .fields = 2};
  const std::string start = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(parse.run(start + "X: " + x(100) + "\r\n\r\n").error, Errc::response_head_too_large);
  EXPECT_EQ(parse.run(start + "X:\r\nX:\r\nX:\r\n\r\n").error, Errc::response_head_too_large);
  EXPECT_TRUE(parse.run(start + "X:\r\nContent-Length: 0\r\n\r\n").complete);
}

}  // namespace
}  // namespace weir::http
