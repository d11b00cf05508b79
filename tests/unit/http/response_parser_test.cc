// What the response parser takes and refuses, and how it decides about content (RFC 9112
// section 6.3).
#include <gtest/gtest.h>

#include "unit/http/parsing.h"

namespace weir::http {
namespace {

using namespace std::string_literals;

class RefusedResponse : public testing::TestWithParam<std::string> {};

TEST_P(RefusedResponse, HoweverItIsCut) {
  ResponseParse whole, bytewise;
  const Outcome at_once = whole.run(GetParam());
  EXPECT_EQ(name_of(at_once.error), "bad_response") << GetParam();
  EXPECT_FALSE(at_once.complete);
  EXPECT_EQ(at_once, bytewise.run(GetParam(), Method::get, 1, 1));
}

INSTANTIATE_TEST_SUITE_P(Lines, RefusedResponse,
                         testing::Values("HTTP/1.1 099 No\r\n\r\n", "HTTP/1.1 000 No\r\n\r\n",
                                         "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
                                         "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
                                         "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n",
                                         "HTTP/0.9 200 OK\r\n\r\n", "RTSP/1.0 200 OK\r\n\r\n",
                                         "http/1.1 200 OK\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n",
                                         "\nHTTP/1.1 200 OK\r\n\r\n", "ICY 200 OK\r\n\r\n",
                                         "HTTP/1.1 200 O\x01K\r\n\r\n",
                                         "HTTP/1.1 200 O\x7fK\r\n\r\n",
                                         "HTTP/1.1 200 O\0K\r\n\r\n"s, "HTTP/1.1 200 OK\n\r\n",
                                         "HTTP/1.1 200 OK\r\r\n\r\n", "<html>\r\n\r\n"));

INSTANTIATE_TEST_SUITE_P(
    Fields, RefusedResponse,
    testing::Values("HTTP/1.1 200 OK\r\nX : 1\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\rY\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nX: \0\r\n\r\n"s, "HTTP/1.1 200 OK\r\nX\r\n\r\n",
                    "HTTP/1.1 200 OK\r\n: x\r\n\r\n"));

INSTANTIATE_TEST_SUITE_P(
    Framing, RefusedResponse,
    testing::Values("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n",
                    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "HTTP/1.1 204 No\r\nContent-Length: x\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX\r\n\r\n"));

TEST(ResponseParser, TakesAPlainAnswerInOneStep) {
  ResponseParse parse;
  const Outcome outcome =
      parse.run("HTTP/1.1 404 Not Found Here\r\nServer: x\r\nContent-Length: 2\r\n\r\nnoHTTP");
  EXPECT_TRUE(outcome.head && outcome.complete) << outcome;
  EXPECT_EQ(outcome.content, "no");
  EXPECT_EQ(outcome.left, 4u);
  EXPECT_EQ(outcome.fields, "Server=x\nContent-Length=2\n");
  EXPECT_EQ(parse.head.status(), 404);
  EXPECT_EQ(parse.head.reason(), "Not Found Here");
  EXPECT_EQ(parse.head.framing(), Framing::length);
  EXPECT_TRUE(parse.head.keep_alive());
  EXPECT_FALSE(parse.head.interim());
}

TEST(ResponseParser, ReasonMayBeEmptyOrOdd) {
  ResponseParse parse;
  for (const auto& [line, reason] : {std::pair<const char*, const char*>{"HTTP/1.1 299", ""},
                                     {"HTTP/1.1 299 ", ""},
                                     {"HTTP/1.1 299 \xc3\x9c\tb", "\xc3\x9c\tb"}}) {
    EXPECT_TRUE(parse.run(line + "\r\nContent-Length: 0\r\n\r\n"s).complete) << line;
    EXPECT_EQ(parse.head.reason(), reason);
    EXPECT_EQ(parse.head.status(), 299);
  }
}

struct NoContentCase {
  std::string bytes;
  Method method;
  std::string fields;
};

TEST(ResponseParser, SomeAnswersNeverHaveContent) {
  const NoContentCase cases[] = {
      {"HTTP/1.1 204 No\r\nContent-Length: 4\r\n\r\n", Method::get, "!Content-Length=4\n"},
      {"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", Method::get,
       "!Transfer-Encoding=chunked\n"},
      {"HTTP/1.1 304 Not\r\nContent-Length: 4\r\n\r\n", Method::get, "Content-Length=4\n"},
      {"HTTP/1.1 304 Not\r\nTransfer-Encoding: chunked\r\n\r\n", Method::get,
       "Transfer-Encoding=chunked\n"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", Method::head, "Content-Length=4\n"},
      {"HTTP/1.1 200 OK\r\n\r\n", Method::head, ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Method::head,
       "Transfer-Encoding=chunked\n"},
      {"HTTP/1.1 100 Continue\r\n\r\n", Method::post, ""},
      {"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n", Method::get, "Link=x\n"},
      {"HTTP/1.1 150 Odd\r\nContent-Length: 4\r\n\r\n", Method::get, "!Content-Length=4\n"},
      {"HTTP/1.1 150 Odd\r\nTransfer-Encoding: chunked\r\n\r\n", Method::get,
       "!Transfer-Encoding=chunked\n"},
      {"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", Method::get,
       "Connection=upgrade\nUpgrade=x\n"},
  };
  for (const NoContentCase& c : cases) {
    for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{1}}) {
      ResponseParse parse;
      const Outcome outcome = parse.run(c.bytes + "junk", c.method, piece, piece);
      EXPECT_TRUE(outcome.complete) << c.bytes << outcome;
      EXPECT_EQ(outcome.left, 4u) << c.bytes;
      EXPECT_EQ(outcome.content, "");
      EXPECT_EQ(outcome.fields, c.fields);
      EXPECT_EQ(parse.head.framing(), Framing::none);
      EXPECT_TRUE(parse.head.keep_alive());
    }
  }
}

TEST(ResponseParser, ContentUntilTheConnectionEnds) {
  ResponseParse parse;
  EXPECT_EQ(parse.run("HTTP/1.1 200 OK\r\n\r\nabc").content, "abc");
  EXPECT_EQ(parse.head.framing(), Framing::until_close);
  EXPECT_FALSE(parse.head.keep_alive());
  EXPECT_TRUE(parse.parser.end_of_stream());
  EXPECT_FALSE(parse.parser.end_of_stream());
}

TEST(ResponseParser, AnEndAnywhereElseCutsTheMessage) {
  ResponseParse parse;
  for (const char* bytes :
       {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"}) {
    EXPECT_FALSE(parse.run(bytes).complete) << bytes;
    EXPECT_FALSE(parse.parser.end_of_stream()) << bytes;
  }
  EXPECT_TRUE(parse.run("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").complete);
  EXPECT_FALSE(parse.parser.end_of_stream());
}

TEST(ResponseParser, KeepAliveFollowsVersionAndConnection) {
  ResponseParse parse;
  const std::pair<std::string, bool> cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\t\r\n\r\n", false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", true},
      {"HTTP/1.0 304 Not\r\nConnection: keep-alive\r\n\r\n", true},
  };
  for (const auto& [bytes, expected] : cases) {
    EXPECT_TRUE(parse.run(bytes).complete) << bytes;
    EXPECT_EQ(parse.head.keep_alive(), expected) << bytes;
  }
}

TEST(ResponseParser, InterimAnswersThenTheFinalOne) {
  ResponseParse parse;
  std::string bytes =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
      "1\r\n\r\nx";
  for (const int status : {100, 103, 200}) {
    const Outcome outcome = parse.run(bytes, Method::post);
    ASSERT_TRUE(outcome.complete);
    EXPECT_EQ(parse.head.status(), status);
    EXPECT_EQ(parse.head.interim(), status < 200);
    bytes.erase(0, bytes.size() - outcome.left);
  }
  EXPECT_TRUE(bytes.empty());
}

TEST(ResponseParser, TrailersPass) {
  ResponseParse parse;
  const Outcome outcome = parse.run(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nServer-Timing: "
      "a\r\nSet-Cookie: x\r\n\r\n");
  EXPECT_TRUE(outcome.complete);
  EXPECT_EQ(outcome.trailers, "Server-Timing=a\n!Set-Cookie=x\n");
}

}  // namespace
}  // namespace weir::http
