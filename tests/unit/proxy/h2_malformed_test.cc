// Requests that HTTP/2 can say and must not: each resets its own stream with PROTOCOL_ERROR,
// reaches no origin, and leaves the connection as it was. And those that are well-formed and
// refused by an answer.
#include <gtest/gtest.h>

#include <string>

#include "h2_scenario.h"

namespace weir::proxy {
namespace {

using test::H2Client;
namespace h2 = test::h2;
using h2::Fields;

class H2Malformed : public test::H2Test {
 protected:
  static Fields without(std::string_view name) {
    Fields fields = h2::request_fields();
    std::erase_if(fields, [&](const auto& field) { return field.first == name; });
    return fields;
  }
  static Fields with(std::string_view name, std::string_view value) {
    Fields fields = h2::request_fields();
    for (auto& field : fields) {
      if (field.first == name) field.second = value;
    }
    return fields;
  }
  static Fields plus(std::string_view name, std::string_view value) {
    return h2::request_fields("GET", "/", {{std::string(name), std::string(value)}});
  }
  void expect_reset(const Fields& fields, std::string_view what) {
    H2Client& client = connect_h2();
    client.sends(h2::headers(1, fields));
    EXPECT_EQ(client.answer(1).reset, 1U) << what;
    EXPECT_EQ(client.answer(1).status, 0) << what;
    EXPECT_EQ(connecting(), 0U) << what;
    EXPECT_FALSE(client.seen().goaway()) << what;
    ASSERT_FALSE(records().empty()) << what;
    EXPECT_EQ(status_of(last_record().values.reason), 400) << what;
    EXPECT_EQ(last_record().values.status, 0) << what;
    client.sends(h2::get(3));
    EXPECT_EQ(connecting(), 1U) << what << ": the connection goes on";
    client.party().closes();
  }
  void expect_status(int status, const Fields& fields, bool end = true) {
    H2Client& client = connect_h2();
    client.sends(h2::headers(1, fields, end));
    EXPECT_EQ(client.answer(1).status, status);
    EXPECT_TRUE(client.answer(1).ended);
    EXPECT_EQ(connecting(), 0U);
    client.party().closes();
  }
};

TEST_F(H2Malformed, PseudoHeaderFields) {
  expect_reset(without(":method"), "no :method");
  expect_reset(without(":scheme"), "no :scheme");
  expect_reset(without(":path"), "no :path");
  expect_reset(without(":authority"), "neither :authority nor Host");
  expect_reset(plus(":path", "/"), "behind fields, twice");
  expect_reset(plus(":status", "200"), "of a response");
  expect_reset(plus(":odd", "1"), "unknown");
  expect_reset(plus(":protocol", "websocket"), "not offered");
  Fields twice = h2::request_fields();
  twice.insert(twice.begin(), {":path", "/a"});
  expect_reset(twice, ":path twice");
  Fields late = {{"x-first", "1"}};
  const Fields rest = h2::request_fields();
  late.insert(late.end(), rest.begin(), rest.end());
  expect_reset(late, "behind a field");
}

TEST_F(H2Malformed, Targets) {
  for (const char* path : {"", "a", "http://a.test/", "*", "/a b", "/a#b", "/a\x7f", "/\x80"}) {
    expect_reset(with(":path", path), path);
  }
  expect_reset(with(":scheme", "ftp"), "scheme");
  expect_reset(with(":method", "G T"), "method");
  expect_reset(with(":method", ""), "empty method");
}

TEST_F(H2Malformed, Authorities) {
  for (const char* authority : {"", "user@a.test", "a test", "a.test:port", "a.test/b"}) {
    expect_reset(with(":authority", authority), authority);
  }
  expect_reset(plus("host", "b.test"), "another Host");
  Fields hosts = without(":authority");
  hosts.push_back({"host", "a.test"});
  hosts.push_back({"host", "a.test"});
  expect_reset(hosts, "two Hosts");
}

TEST_F(H2Malformed, HostInsteadOfOrEqualToAuthorityIsGood) {
  Fields host = without(":authority");
  host.push_back({"host", "a.test"});
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, host) + h2::headers(3, plus("host", "A.test")));
  EXPECT_EQ(accept().receives().field("Host"), "a.test");
  EXPECT_EQ(accept().receives().field("Host"), "a.test");
}

TEST_F(H2Malformed, FieldsThatAreNotForHttp2) {
  for (const char* name : {"connection", "keep-alive", "proxy-connection", "transfer-encoding",
                           "upgrade", "http2-settings"}) {
    expect_reset(plus(name, "x"), name);
  }
  expect_reset(plus("te", "gzip"), "te");
  expect_reset(plus("te", "trailers, gzip"), "te list");
}

TEST_F(H2Malformed, NamesAndValuesThatNoFieldHas) {
  expect_reset(plus("X-Upper", "1"), "upper case");
  expect_reset(plus("x y", "1"), "space in a name");
  expect_reset(plus("x:y", "1"), "colon in a name");
  expect_reset(plus("x\ny", "1"), "line feed in a name");
  expect_reset(plus("x", "a\r\nhost: b"), "line end in a value");
  expect_reset(plus("x", "a\nb"), "line feed in a value");
  expect_reset(plus("x", std::string_view("a\0b", 3)), "NUL in a value");
  expect_reset(plus("x", " a"), "space before a value");
  expect_reset(plus("x", "a\t"), "tab behind a value");
}

TEST_F(H2Malformed, LengthsThatDisagree) {
  expect_reset(plus("content-length", "5"), "no content");
  expect_reset(plus("content-length", "-1"), "sign");
  expect_reset(h2::request_fields("GET", "/", {{"content-length", "0"}, {"content-length", "1"}}),
               "two");
  H2Client& client = connect_h2();
  const Fields five = h2::request_fields("POST", "/", {{"content-length", "5"}});
  client.sends(h2::headers(1, five, false) + h2::data(1, "abc", true) +
               h2::headers(3, five, false) + h2::data(3, "abcdef", true));
  EXPECT_EQ(client.answer(1).reset, 1U);
  EXPECT_EQ(client.answer(3).reset, 1U);
  EXPECT_EQ(abuses(), (std::vector<std::string>(5, "malformed")));
}

TEST_F(H2Malformed, TrailersThatAreNone) {
  H2Client& client = connect_h2();
  client.sends(
      h2::headers(1, h2::request_fields("POST"), false) + h2::headers(1, {{":path", "/"}}) +
      h2::headers(3, h2::request_fields("POST"), false) + h2::headers(3, {{"x-a", "1"}}, false) +
      h2::headers(5, h2::request_fields("POST"), false) + h2::headers(5, {{"X-A", "1"}}));
  for (const std::int32_t stream : {1, 3, 5}) {
    EXPECT_EQ(client.answer(stream).reset, 1U) << stream;
  }
}

TEST_F(H2Malformed, WhatIsWellFormedAndRefusedIsAnswered) {
  expect_status(405, with(":method", "TRACE"));
  expect_status(405, {{":method", "CONNECT"}, {":authority", "a.test:443"}}, false);
  expect_status(501, with(":method", "BREW"));
  expect_status(414, with(":path", "/" + std::string(limits::kTargetBytes, 'a')));
  expect_status(417, plus("expect", "miracles"));
  expect_status(200, h2::request_fields("OPTIONS", "*", {{"max-forwards", "0"}}));
}

TEST_F(H2Malformed, TwinsWithUnderscoresAreTreatedAsConfigured) {
  H2Client& client = connect_h2();
  client.sends(h2::headers(1, plus("x_forwarded_for", "10.0.0.1")));
  EXPECT_EQ(accept().receives().field("x_forwarded_for"), "-");
  client.party().closes();
  listener().underscore_fields = config::UnderscoreFields::refuse;
  reload();
  expect_reset(plus("content_length", "1"), "twin");
}

}  // namespace
}  // namespace weir::proxy
