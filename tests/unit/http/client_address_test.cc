// The client's address behind proxies: only what a trusted proxy wrote is believed.
#include <gtest/gtest.h>

#include "http/forwarding.h"
#include "unit/http/parsing.h"

namespace weir::http {
namespace {

Network network(std::string_view ip, int prefix) {
  return {parse_ip(ip).value().bytes, prefix};
}

struct Case {
  std::string lines;
  std::string_view peer;
  std::string_view client;
};

TEST(ClientAddress, Table) {
  const Network trusted[] = {network("10.0.0.0", 104), network("2001:db8::", 32)};
  const Case cases[] = {
      {"", "10.0.0.1", "10.0.0.1"},
      {"X-Forwarded-For: 1.1.1.1\r\n", "192.0.2.1", "192.0.2.1"},
      {"X-Forwarded-For: 1.1.1.1\r\n", "10.0.0.1", "1.1.1.1"},
      {"X-Forwarded-For: 9.9.9.9, 1.1.1.1\r\n", "10.0.0.1", "1.1.1.1"},
      {"X-Forwarded-For: 9.9.9.9, 1.1.1.1, 10.0.0.2\r\n", "10.0.0.1", "1.1.1.1"},
      {"X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 1.1.1.1\r\n", "10.0.0.1", "1.1.1.1"},
      {"X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 10.0.0.3\r\n", "10.0.0.1", "1.1.1.1"},
      {"X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n", "10.0.0.1", "10.0.0.3"},
      {"X-Forwarded-For: 1.1.1.1,, ,\r\n", "10.0.0.1", "1.1.1.1"},
      {"X-Forwarded-For:\r\n", "10.0.0.1", "10.0.0.1"},
      {"X-Forwarded-For: 1.1.1.1, unknown\r\n", "10.0.0.1", "10.0.0.1"},
      {"X-Forwarded-For: unknown, 1.1.1.1\r\n", "10.0.0.1", "1.1.1.1"},
      {"X-Forwarded-For: 1.1.1.1:4711\r\n", "10.0.0.1", "1.1.1.1"},
      {"X-Forwarded-For: 2a00::1\r\n", "10.0.0.1", "2a00::1"},
      {"X-Forwarded-For: [2a00::1]:4711\r\n", "2001:db8::9", "2a00::1"},
      {"X-Forwarded-For: [2a00::1]\r\n", "10.0.0.1", "2a00::1"},
      {"X-Forwarded-For: 1.1.1.1, 2001:db8::1\r\n", "10.0.0.1", "1.1.1.1"},
  };
  for (const Case& c : cases) {
    RequestParse parse;
    ASSERT_TRUE(parse.run(request_with(c.lines)).complete);
    EXPECT_EQ(to_string(client_address(parse.head, parse_ip(c.peer).value(), trusted)), c.client)
        << c.lines;
  }
}

TEST(ClientAddress, NobodyIsTrustedByDefault) {
  RequestParse parse;
  ASSERT_TRUE(parse.run(request_with("X-Forwarded-For: 1.1.1.1\r\n")).complete);
  const IpAddress peer = parse_ip("10.0.0.1").value();
  EXPECT_EQ(client_address(parse.head, peer, {}), peer);
}

}  // namespace
}  // namespace weir::http
