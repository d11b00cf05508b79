// What the request parser takes and refuses, by row of the threat model. Every refused row is tried
// whole and byte by byte, and must be refused alike.
#include <gtest/gtest.h>

#include "unit/http/parsing.h"

namespace weir::http {
namespace {

using namespace std::string_literals;

struct Refusal {
  std::string bytes;
  Errc code;
};

class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, HoweverItIsCut) {
  RequestParse whole, bytewise;
  const Outcome at_once = whole.run(GetParam().bytes);
  const Outcome cut = bytewise.run(GetParam().bytes, 1, 1);
  EXPECT_EQ(name_of(at_once.error), name_of(GetParam().code)) << GetParam().bytes;
  EXPECT_EQ(at_once, cut);
  EXPECT_FALSE(at_once.complete);
}

const std::string kEnd = "\r\nHost: a\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(
    StartLine, Refused,
    testing::Values(Refusal{"FOO / HTTP/1.1" + kEnd, Errc::unknown_method},
                    Refusal{"GETX / HTTP/1.1" + kEnd, Errc::unknown_method},
                    Refusal{"get / HTTP/1.1" + kEnd, Errc::unknown_method},
                    Refusal{"DESCRIBE / HTTP/1.1" + kEnd, Errc::unknown_method},
                    Refusal{std::string(100, 'A') + " / HTTP/1.1" + kEnd, Errc::unknown_method},
                    Refusal{"CONNECT a:443 HTTP/1.1" + kEnd, Errc::method_not_allowed},
                    Refusal{"TRACE / HTTP/1.1" + kEnd, Errc::method_not_allowed},
                    Refusal{"GET\t/ HTTP/1.1" + kEnd, Errc::bad_request_line},
                    Refusal{"G\x01T / HTTP/1.1" + kEnd, Errc::bad_request_line},
                    Refusal{"(GET) / HTTP/1.1" + kEnd, Errc::bad_request_line},
                    Refusal{" GET / HTTP/1.1" + kEnd, Errc::bad_request_line},
                    Refusal{"GET  / HTTP/1.1" + kEnd, Errc::bad_request_line},
                    Refusal{"GET /  HTTP/1.1" + kEnd, Errc::bad_request_line},
                    Refusal{"GET /\r\n", Errc::bad_request_line},
                    Refusal{"GET /\n\r\n", Errc::bad_request_line},
                    Refusal{"GET /" + kEnd, Errc::bad_request_line},
                    Refusal{"GET / FOO/1.1" + kEnd, Errc::bad_request_line},
                    Refusal{"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", Errc::bad_request_line},
                    Refusal{"\r\n\r\n\0\r\nQUIT\n"s, Errc::bad_request_line},
                    Refusal{"\x16\x03\x01\x02"s, Errc::bad_request_line},
                    Refusal{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Errc::bad_request_line},
                    Refusal{"GET / HTTP/0.9" + kEnd, Errc::bad_request_line},
                    Refusal{"GET / HTTP/2.0" + kEnd, Errc::bad_version},
                    Refusal{"GET / HTTP/1.2" + kEnd, Errc::bad_version},
                    Refusal{"GET / HTTP/3.0" + kEnd, Errc::bad_version},
                    Refusal{"GET / HTTP/11" + kEnd, Errc::bad_request_line},
                    Refusal{"GET / HTTP/1.10" + kEnd, Errc::bad_request_line},
                    Refusal{"GET / HTTP/1.1 " + kEnd, Errc::bad_request_line},
                    Refusal{"GET / HTTP/1.1\nHost: a\r\n\r\n", Errc::bad_request_line},
                    Refusal{"GET / HTTP/1.1\r\r\n\r\n", Errc::bad_field},
                    Refusal{"GET / RTSP/1.0" + kEnd, Errc::bad_version},
                    Refusal{"SOURCE / ICE/1.0" + kEnd, Errc::bad_version},
                    Refusal{"GET / http/1.1" + kEnd, Errc::bad_request_line}));

INSTANTIATE_TEST_SUITE_P(
    Target, Refused,
    testing::Values(Refusal{"GET /a#b HTTP/1.1" + kEnd, Errc::bad_target},
                    Refusal{"GET /a\x80 HTTP/1.1" + kEnd, Errc::bad_target},
                    Refusal{"GET /a\x7f HTTP/1.1" + kEnd, Errc::bad_target},
                    Refusal{"GET /a\0b HTTP/1.1"s + kEnd, Errc::bad_target},
                    Refusal{"GET * HTTP/1.1" + kEnd, Errc::bad_target},
                    Refusal{"OPTIONS */x HTTP/1.1" + kEnd, Errc::bad_target},
                    Refusal{"GET a HTTP/1.1" + kEnd, Errc::bad_target},
                    Refusal{"GET a:80 HTTP/1.1" + kEnd, Errc::bad_target},
                    Refusal{"GET ftp://a/ HTTP/1.1" + kEnd, Errc::bad_target},
                    Refusal{"GET http:///x HTTP/1.1" + kEnd, Errc::bad_target},
                    Refusal{"GET http://u@a/ HTTP/1.1" + kEnd, Errc::bad_target},
                    Refusal{"GET http://a:b/ HTTP/1.1" + kEnd, Errc::bad_target},
                    Refusal{"GET http://a:65536/ HTTP/1.1" + kEnd, Errc::bad_target},
                    Refusal{"GET http://[::1/ HTTP/1.1" + kEnd, Errc::bad_target},
                    Refusal{"GET http:/a HTTP/1.1" + kEnd, Errc::bad_target}));

INSTANTIATE_TEST_SUITE_P(
    Host, Refused,
    testing::Values(Refusal{"GET / HTTP/1.1\r\n\r\n", Errc::bad_host},
                    Refusal{"GET http://a/ HTTP/1.1\r\n\r\n", Errc::bad_host},
                    Refusal{"GET / HTTP/1.1\r\nHost:\r\n\r\n", Errc::bad_host},
                    Refusal{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Errc::bad_host},
                    Refusal{"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", Errc::bad_host},
                    Refusal{"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", Errc::bad_host},
                    Refusal{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", Errc::bad_host},
                    Refusal{"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Errc::bad_host},
                    Refusal{"GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", Errc::bad_host},
                    Refusal{"GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", Errc::bad_host}));

INSTANTIATE_TEST_SUITE_P(
    Fields, Refused,
    testing::Values(Refusal{request_with("X : 1\r\n"), Errc::bad_field},
                    Refusal{request_with("X\r\n"), Errc::bad_field},
                    Refusal{request_with(": 1\r\n"), Errc::bad_field},
                    Refusal{request_with("X\x80: 1\r\n"), Errc::bad_field},
                    Refusal{request_with("X(: 1\r\n"), Errc::bad_field},
                    Refusal{request_with("X: a\r\n b\r\n"), Errc::bad_field},
                    Refusal{request_with("X: a\r\n\tb\r\n"), Errc::bad_field},
                    Refusal{request_with("X: a\nY: b\r\n"), Errc::bad_field},
                    Refusal{request_with("X: a\rY: b\r\n"), Errc::bad_field},
                    Refusal{request_with("X: a\r\r\n"), Errc::bad_field},
                    Refusal{request_with("X: \0\r\n"s), Errc::bad_field},
                    Refusal{request_with("X: \x01\r\n"), Errc::bad_field},
                    Refusal{request_with("X: \x7f\r\n"), Errc::bad_field},
                    Refusal{"GET / HTTP/1.1\r\n Host: a\r\n\r\n", Errc::bad_field},
                    Refusal{"GET / HTTP/1.1\r\nHost: a\r\n\n", Errc::bad_field}));

INSTANTIATE_TEST_SUITE_P(
    Framing, Refused,
    testing::Values(
        Refusal{request_with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
                Errc::bad_framing},
        Refusal{request_with("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"),
                Errc::bad_framing},
        Refusal{request_with("Content-Length: 1\r\nTransfer-Encoding: x\r\n"), Errc::bad_framing},
        Refusal{request_with("Transfer-Encoding:\r\nContent-Length: 1\r\n"), Errc::bad_framing},
        Refusal{request_with("Content-Length: 1\r\nContent-Length: 2\r\n"), Errc::bad_framing},
        Refusal{request_with("Content-Length: 1\r\nContent-Length: 1\r\n"), Errc::bad_framing},
        Refusal{request_with("Content-Length: 1, 1\r\n"), Errc::bad_framing},
        Refusal{request_with("Content-Length:\r\n"), Errc::bad_framing},
        Refusal{request_with("Content-Length: +1\r\n"), Errc::bad_framing},
        Refusal{request_with("Content-Length: -1\r\n"), Errc::bad_framing},
        Refusal{request_with("Content-Length: 0x1\r\n"), Errc::bad_framing},
        Refusal{request_with("Content-Length: 1 1\r\n"), Errc::bad_framing},
        Refusal{request_with("Content-Length: 9223372036854775808\r\n"), Errc::bad_framing},
        Refusal{request_with("Content-Length: 18446744073709551617\r\n"), Errc::bad_framing},
        Refusal{request_with("Transfer-Encoding:\r\n"), Errc::bad_framing},
        Refusal{request_with("Transfer-Encoding: ,chunked\r\n"), Errc::bad_framing},
        Refusal{request_with("Transfer-Encoding: chunked, chunked\r\n"), Errc::bad_framing},
        Refusal{request_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
                Errc::bad_framing},
        Refusal{request_with("Transfer-Encoding: chunked;a=b\r\n"), Errc::bad_framing},
        Refusal{request_with("Transfer-Encoding: \"chunked\"\r\n"), Errc::bad_framing},
        Refusal{request_with("Transfer-Encoding: gzip\r\n"), Errc::unknown_coding},
        Refusal{request_with("Transfer-Encoding: gzip, chunked\r\n"), Errc::unknown_coding},
        Refusal{request_with("Transfer-Encoding: identity\r\n"), Errc::unknown_coding},
        Refusal{request_with("Transfer-Encoding: xchunked\r\n"), Errc::unknown_coding},
        Refusal{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", Errc::bad_framing},
        Refusal{request_with("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n"),
                Errc::bad_upgrade},
        Refusal{request_with(
                    "Connection: upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n"),
                Errc::bad_upgrade},
        Refusal{request_with("Expect: 200-ok\r\n"), Errc::expectation_failed},
        Refusal{request_with("Expect: 100-continue, x\r\n"), Errc::expectation_failed},
        Refusal{request_with("Expect: 100-continue\r\nExpect: 100-continue\r\n"),
                Errc::expectation_failed},
        Refusal{request_with("Expect:\r\n"), Errc::expectation_failed}));

class BadContent : public testing::TestWithParam<Refusal> {};

TEST_P(BadContent, IsRefusedAfterTheHead) {
  const std::string bytes = request_with("Transfer-Encoding: chunked\r\n", GetParam().bytes);
  RequestParse whole, bytewise;
  const Outcome at_once = whole.run(bytes);
  EXPECT_EQ(name_of(at_once.error), name_of(GetParam().code)) << GetParam().bytes;
  EXPECT_TRUE(at_once.head);
  EXPECT_FALSE(at_once.complete);
  EXPECT_EQ(at_once, bytewise.run(bytes, 1, 1));
}

INSTANTIATE_TEST_SUITE_P(
    Chunks, BadContent,
    testing::Values(
        Refusal{"x\r\n", Errc::bad_chunk}, Refusal{"\r\n", Errc::bad_chunk},
        Refusal{"-1\r\n", Errc::bad_chunk}, Refusal{"0x1\r\na\r\n", Errc::bad_chunk},
        Refusal{"1 \r\na\r\n", Errc::bad_chunk}, Refusal{" 1\r\na\r\n", Errc::bad_chunk},
        Refusal{"1\na\r\n", Errc::bad_chunk}, Refusal{"1\ra\r\n", Errc::bad_chunk},
        Refusal{"1\r\na\n0\r\n\r\n", Errc::bad_chunk}, Refusal{"1\r\nab\r\n", Errc::bad_chunk},
        Refusal{"1\r\na0\r\n", Errc::bad_chunk}, Refusal{"1;\x01\r\na\r\n", Errc::bad_chunk},
        Refusal{"1;a=b\nc\r\na\r\n", Errc::bad_chunk},
        Refusal{"10000000000000000\r\n", Errc::bad_chunk},
        Refusal{"ffffffffffffffff0\r\n", Errc::bad_chunk},
        Refusal{"8000000000000000\r\na", Errc::bad_chunk}));

INSTANTIATE_TEST_SUITE_P(
    Trailers, BadContent,
    testing::Values(Refusal{"0\r\nX\r\n\r\n", Errc::bad_trailer},
                    Refusal{"0\r\nX : 1\r\n\r\n", Errc::bad_trailer},
                    Refusal{"0\r\n X: 1\r\n\r\n", Errc::bad_trailer},
                    Refusal{"0\r\nX: 1\n\r\n", Errc::bad_trailer},
                    Refusal{"0\r\nX: 1\r\n Y\r\n\r\n", Errc::bad_trailer},
                    Refusal{"0\r\nX: \x01\r\n\r\n", Errc::bad_trailer},
                    Refusal{"0\r\nContent-Length: 1\r\n\r\n", Errc::bad_trailer},
                    Refusal{"0\r\nTransfer-Encoding: x\r\n\r\n", Errc::bad_trailer}));

TEST(RequestParser, IsStrict) {
  EXPECT_TRUE(H1RequestParser().strict());
  EXPECT_TRUE(H1ResponseParser().strict());
}

TEST(RequestParser, TakesAPlainGetInOneStep) {
  RequestParse parse;
  const std::string bytes =
      "GET /a/b?c=d HTTP/1.1\r\nHost: example.com:80\r\nAccept:*/*\r\nX:\r\nY: \tz \t\r\n\r\nGET";
  parse.parser.reset(parse.head, {}, UnderscorePolicy::drop);
  EXPECT_TRUE(parse.parser.untouched());
  const ParseStep step = parse.parser.feed(bytes);
  EXPECT_FALSE(step.error);
  EXPECT_TRUE(step.head);
  EXPECT_TRUE(step.complete);
  EXPECT_EQ(step.consumed, bytes.size() - 3);
  EXPECT_TRUE(step.content.empty());
  const RequestHead& head = parse.head;
  EXPECT_EQ(head.head_bytes(), bytes.size() - 3);
  EXPECT_EQ(head.method(), Method::get);
  EXPECT_EQ(head.method_name(), "GET");
  EXPECT_EQ(head.target(), "/a/b?c=d");
  EXPECT_EQ(head.path_and_query(), "/a/b?c=d");
  EXPECT_EQ(head.path(), "/a/b");
  EXPECT_EQ(head.query(), "c=d");
  EXPECT_EQ(head.authority(), "example.com:80");
  EXPECT_EQ(head.host(), "example.com");
  EXPECT_EQ(head.minor_version(), 1);
  EXPECT_EQ(head.framing(), Framing::none);
  EXPECT_TRUE(head.keep_alive());
  EXPECT_TRUE(head.safe());
  EXPECT_FALSE(head.absolute_form());
  EXPECT_EQ(head.value_of(FieldId::host), "example.com:80");
  ASSERT_NE(head.find("y"), nullptr);
  EXPECT_EQ(head.value(*head.find("y")), "z");
  EXPECT_EQ(head.value(*head.find("X")), "");
  EXPECT_EQ(head.find("Z"), nullptr);
  EXPECT_EQ(head.bytes().view(), bytes.substr(0, bytes.size() - 3));
}

TEST(RequestParser, KnowsMethods) {
  RequestParse parse;
  const std::pair<const char*, Method> methods[] = {
      {"GET", Method::get},     {"HEAD", Method::head},      {"POST", Method::post},
      {"PUT", Method::put},     {"DELETE", Method::delete_}, {"OPTIONS", Method::options},
      {"PATCH", Method::patch}, {"PURGE", Method::other},    {"M-SEARCH", Method::other},
      {"QUERY", Method::other}};
  for (const auto& [name, method] : methods) {
    const Outcome outcome = parse.run(name + " / HTTP/1.1"s + kEnd);
    EXPECT_TRUE(outcome.complete) << name << outcome;
    EXPECT_EQ(parse.head.method(), method) << name;
    EXPECT_EQ(parse.head.method_name(), name);
  }
}

TEST(RequestParser, TakesContentWithItsHead) {
  RequestParse parse;
  const Outcome outcome = parse.run(request_with("Content-Length: 3\r\n", "abcGET"));
  EXPECT_TRUE(outcome.complete);
  EXPECT_EQ(outcome.content, "abc");
  EXPECT_EQ(outcome.left, 3u);
  EXPECT_EQ(parse.head.framing(), Framing::length);
  EXPECT_EQ(parse.head.content_length(), 3u);
}

TEST(RequestParser, DecodesChunksAndKeepsTrailersApart) {
  RequestParse parse;
  const Outcome outcome = parse.run(
      request_with("Transfer-Encoding: Chunked\r\n",
                   "3;a=b;c=\"d\"\r\nabc\r\n00A\r\n0123456789\r\n0;x\r\nX-Sum: 1 \r\nHost: evil\r\n"
                   "x_forwarded_for: 1\r\nAuthorization: x\r\nConnection: close\r\nServer-Timing: "
                   "y\r\n\r\nrest"));
  EXPECT_TRUE(outcome.complete) << outcome;
  EXPECT_EQ(outcome.content, "abc0123456789");
  EXPECT_EQ(outcome.left, 4u);
  EXPECT_EQ(outcome.trailers,
            "X-Sum=1\n!Host=evil\n!x_forwarded_for=1\n!Authorization=x\n!Connection=close\nServer-"
            "Timing=y\n");
  EXPECT_EQ(parse.head.authority(), "a");
  EXPECT_TRUE(parse.head.keep_alive());
  EXPECT_EQ(parse.head.framing(), Framing::chunked);
}

TEST(RequestParser, HeadViewsOutliveTrailers) {
  RequestParse parse;
  parse.parser.reset(parse.head, {}, UnderscorePolicy::drop);
  const std::string head = request_with("Transfer-Encoding: chunked\r\n");
  ASSERT_TRUE(parse.parser.feed(head).head);
  const char* host = parse.head.authority().data();
  EXPECT_TRUE(parse.parser.feed("0\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n").complete);
  EXPECT_EQ(parse.head.authority().data(), host);
  EXPECT_EQ(parse.head.value(parse.head.trailers()[0]).size(), 20'000u);
}

struct TargetCase {
  const char* target;
  const char* path_and_query;
  const char* authority;
};

TEST(RequestParser, AbsoluteFormReplacesHost) {
  const TargetCase cases[] = {
      {"http://b", "/", "b"},
      {"HTTP://b:80/", "/", "b:80"},
      {"https://b/x?y", "/x?y", "b"},
      {"http://b?y=http://c/d", "/?y=http://c/d", "b"},
      {"http://[::1]:8/x", "/x", "[::1]:8"},
      {"http://b//x", "//x", "b"},
  };
  RequestParse parse;
  for (const TargetCase& c : cases) {
    const Outcome outcome = parse.run("GET "s + c.target + " HTTP/1.1" + kEnd);
    EXPECT_TRUE(outcome.complete) << c.target << outcome;
    EXPECT_EQ(parse.head.path_and_query(), c.path_and_query);
    EXPECT_EQ(parse.head.authority(), c.authority);
    EXPECT_TRUE(parse.head.absolute_form());
  }
  EXPECT_TRUE(parse.run("OPTIONS http://b HTTP/1.1" + kEnd).complete);
  EXPECT_EQ(parse.head.path_and_query(), "*");
  EXPECT_TRUE(parse.run("OPTIONS * HTTP/1.1" + kEnd).complete);
  EXPECT_EQ(parse.head.path_and_query(), "*");
  EXPECT_EQ(parse.head.authority(), "a");
}

TEST(RequestParser, PathsPassUnchanged) {
  RequestParse parse;
  for (const char* target :
       {"/../a", "/%2e%2E/a", "//a", "/a%2fb", "/%00", "/a;b", "/a|b\"c<d>^{}\\", "/?a?b", "/%"}) {
    EXPECT_TRUE(parse.run("GET "s + target + " HTTP/1.1" + kEnd).complete) << target;
    EXPECT_EQ(parse.head.path_and_query(), target);
  }
}

TEST(RequestParser, KeepAliveFollowsVersionAndConnection) {
  const std::pair<std::string, bool> cases[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x,\tCLOSE\t\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed, not-close\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\n\r\n", true},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
      {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
  };
  RequestParse parse;
  for (const auto& [bytes, expected] : cases) {
    EXPECT_TRUE(parse.run(bytes).complete) << bytes;
    EXPECT_EQ(parse.head.keep_alive(), expected) << bytes;
  }
}

TEST(RequestParser, UpgradeIsByConnectionAlone) {
  const std::pair<std::string, bool> cases[] = {
      {"Connection: upgrade\r\nUpgrade: websocket\r\n", true},
      {"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n", true},
      {"Upgrade: websocket\r\n", false},
      {"Connection: upgrade\r\n", false},
      {"Proxy-Connection: upgrade\r\nUpgrade: websocket\r\n", false},
      {"Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
       "AAMAAABkAAQAAP__\r\n",
       false},
      {"Connection: upgrade\r\nUpgrade: websocket, h2c\r\n", false},
      {"Connection: upgrade\r\nUpgrade: HTTP/2.0\r\n", false},
  };
  RequestParse parse;
  for (const auto& [lines, expected] : cases) {
    const Outcome outcome = parse.run(request_with(lines, "GET"));
    EXPECT_TRUE(outcome.complete) << lines << outcome;
    EXPECT_EQ(outcome.left, 3u);
    EXPECT_EQ(parse.head.wants_upgrade(), expected) << lines;
  }
  EXPECT_TRUE(
      parse.run("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n").complete);
  EXPECT_FALSE(parse.head.wants_upgrade());
}

TEST(RequestParser, AnOfferOfH2cDoesNotHurtContent) {
  RequestParse parse;
  const Outcome outcome = parse.run(request_with(
      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 3\r\n", "abcrest"));
  EXPECT_TRUE(outcome.complete) << outcome;
  EXPECT_EQ(outcome.content, "abc");
  EXPECT_EQ(outcome.left, 4u);
}

TEST(RequestParser, ExpectAndTe) {
  RequestParse parse;
  EXPECT_TRUE(
      parse.run(request_with("Expect: 100-Continue\r\nTE: deflate, trailers\r\n")).complete);
  EXPECT_TRUE(parse.head.expects_continue());
  EXPECT_TRUE(parse.head.accepts_trailers());
  const Outcome old =
      parse.run("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(old.complete);
  EXPECT_FALSE(parse.head.expects_continue());
  EXPECT_EQ(old.fields, "!Expect=100-continue\nContent-Length=0\n");
  EXPECT_TRUE(parse.run("POST / HTTP/1.0\r\nExpect: x\r\n\r\n").complete);
}

TEST(RequestParser, UnderscoreTwinsByPolicy) {
  const std::string bytes = request_with(
      "Content_Length: 5\r\ntransfer_encoding: x\r\nX-Forwarded_For: 1\r\nhost_: "
      "b\r\nx_forwarded_port: 1\r\nX_User: 1\r\n");
  RequestParse parse;
  EXPECT_EQ(parse.run(bytes).fields,
            "Host=a\n!Content_Length=5\n!transfer_encoding=x\n!X-Forwarded_For=1\n!host_=b\n!x_"
            "forwarded_port=1\nX_User=1\n");
  parse.underscores = UnderscorePolicy::pass;
  EXPECT_EQ(parse.run(bytes).fields,
            "Host=a\nContent_Length=5\ntransfer_encoding=x\nX-Forwarded_For=1\nhost_=b\nx_"
            "forwarded_port=1\nX_User=1\n");
  parse.underscores = UnderscorePolicy::refuse;
  EXPECT_EQ(parse.run(bytes).error, Errc::bad_field);
  EXPECT_TRUE(parse.run(request_with("X_User: 1\r\n")).complete);
}

TEST(RequestParser, OneDotZeroNeedsNoHost) {
  RequestParse parse;
  EXPECT_TRUE(parse.run("GET / HTTP/1.0\r\n\r\n").complete);
  EXPECT_EQ(parse.head.authority(), "");
  EXPECT_EQ(parse.head.host(), "");
  EXPECT_EQ(parse.head.minor_version(), 0);
}

TEST(RequestParser, EmptyLinesBeforeARequestDoNotCount) {
  RequestParse parse;
  parse.parser.reset(parse.head, {}, UnderscorePolicy::drop);
  const ParseStep step = parse.parser.feed("\r\n\r");
  EXPECT_EQ(step.consumed, 3u);
  EXPECT_FALSE(step.error);
  EXPECT_TRUE(parse.parser.untouched());
  EXPECT_TRUE(parse.parser.feed("\nGET / HTTP/1.0\r\n\r\n").complete);
  EXPECT_EQ(parse.head.bytes().view(), "GET / HTTP/1.0\r\n\r\n");
  for (const char* bytes :
       {"\nGET / HTTP/1.0\r\n\r\n", "\r\rGET / HTTP/1.0\r\n\r\n", "\rGET / HTTP/1.0\r\n\r\n"}) {
    EXPECT_EQ(parse.run(bytes).error, Errc::bad_request_line);
  }
}

TEST(RequestParser, PipelinedRequestsComeOneByOne) {
  RequestParse parse;
  std::string bytes;
  for (int i = 0; i < 5; ++i) bytes += request_with("Content-Length: 2\r\n", "ok") + "\r\n";
  int requests = 0;
  while (bytes.size() > 2) {
    const Outcome outcome = parse.run(bytes);
    ASSERT_TRUE(outcome.complete) << outcome;
    EXPECT_EQ(outcome.content, "ok");
    bytes.erase(0, bytes.size() - outcome.left);
    ++requests;
  }
  EXPECT_EQ(requests, 5);
}

TEST(RequestParser, PausesWhenItsSpansAreFull) {
  RequestParse parse;
  std::string chunks;
  const std::size_t count = limits::kBodySpans + 3;
  for (std::size_t i = 0; i < count; ++i) chunks += "1\r\nx\r\n";
  const std::string bytes = request_with("Transfer-Encoding: chunked\r\n", chunks + "0\r\n\r\n");
  parse.parser.reset(parse.head, {}, UnderscorePolicy::drop);
  const ParseStep first = parse.parser.feed(bytes);
  EXPECT_EQ(first.content.size(), limits::kBodySpans);
  EXPECT_TRUE(first.head);
  EXPECT_FALSE(first.complete);
  EXPECT_LT(first.consumed, bytes.size());
  const ParseStep second = parse.parser.feed(std::string_view(bytes).substr(first.consumed));
  EXPECT_EQ(second.content.size(), 3u);
  EXPECT_TRUE(second.complete);
  EXPECT_EQ(first.consumed + second.consumed, bytes.size());
}

}  // namespace
}  // namespace weir::http
