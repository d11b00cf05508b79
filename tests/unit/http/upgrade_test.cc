// Which protocols are asked of an origin, and which answers open a tunnel.
#include "http/upgrade.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "http/forwarding.h"
#include "http/websocket.h"
#include "unit/http/parsing.h"

namespace weir::http {
namespace {

config::Upgrade listed(std::vector<std::string> protocols) {
  return {.any = false, .protocols = std::move(protocols)};
}
const config::Upgrade kAny = {.any = true, .protocols = {}};

// The Upgrade fields that go to the origin, joined with '|'.
std::string sent(std::string_view lines, const config::Upgrade& allowed) {
  RequestParse parse;
  const std::string request =
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n" + std::string(lines) + "\r\n";
  EXPECT_TRUE(parse.run(request).head) << lines;
  drop_request_fields(parse.head, false);
  const bool passes = passes_upgrade(parse.head, allowed);
  EXPECT_EQ(limit_upgrade(parse.head, allowed), passes);
  EXPECT_EQ(parse.head.wants_upgrade(), passes);
  Buffer out;
  write_request_head(out, parse.head, "/", {}, {});
  RequestParse again;
  EXPECT_TRUE(again.run(out.view()).head) << out.view();
  EXPECT_EQ(again.head.wants_upgrade(), passes);
  std::string all;
  for (const Field& field : again.head.fields()) {
    if (field.id != FieldId::upgrade) continue;
    all += all.empty() ? "" : "|";
    all += again.head.value(field);
  }
  return all;
}

TEST(Upgrade, OnlyWhatIsAllowedIsAskedFor) {
  const config::Upgrade websocket;
  EXPECT_EQ(sent("Upgrade: websocket\r\n", websocket), "websocket");
  EXPECT_EQ(sent("Upgrade: WebSocket\r\n", websocket), "WebSocket");
  EXPECT_EQ(sent("Upgrade: websocket/13\r\n", websocket), "websocket/13");
  EXPECT_EQ(sent("Upgrade: websockets\r\n", websocket), "");
  EXPECT_EQ(sent("Upgrade: irc, websocket\r\n", websocket), "websocket");
  EXPECT_EQ(sent("Upgrade: irc,websocket , web\r\n", websocket), "websocket");
  EXPECT_EQ(sent("Upgrade: irc\r\nUpgrade: websocket\r\n", websocket), "websocket");
  EXPECT_EQ(sent("Upgrade: websocket\r\nUpgrade: irc\r\n", websocket), "websocket");
  EXPECT_EQ(sent("Upgrade: irc\r\nUpgrade: tls/1.2\r\n", websocket), "");
  EXPECT_EQ(sent("Upgrade: websocket\r\n", listed({})), "");
}

TEST(Upgrade, AnEntryWithAVersionIsForThatVersion) {
  EXPECT_EQ(sent("Upgrade: irc/6.9\r\n", listed({"IRC/6.9"})), "irc/6.9");
  EXPECT_EQ(sent("Upgrade: irc/7\r\n", listed({"irc/6.9"})), "");
  EXPECT_EQ(sent("Upgrade: irc\r\n", listed({"irc/6.9"})), "");
  EXPECT_EQ(sent("Upgrade: irc/7, x\r\n", listed({"x", "irc"})), "irc/7, x");
}

TEST(Upgrade, AnyIsAnythingButHttp) {
  EXPECT_EQ(sent("Upgrade: foo, bar/1\r\n", kAny), "foo, bar/1");
  for (const std::string_view http : {"h2c", "H2C", "h2", "HTTP/2.0", "foo, h2c"}) {
    EXPECT_EQ(sent("Upgrade: " + std::string(http) + "\r\n", kAny), "") << http;
  }
}

TEST(Upgrade, TheProofOfAHandshake) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==").view(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  // Around the ends of SHA-1's blocks, against another implementation.
  EXPECT_EQ(websocket_accept("").view(), "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=");
  EXPECT_EQ(websocket_accept(std::string(19, 'a')).view(), "yzaGyu0mcUukN7CdsSwa30tnCpc=");
  EXPECT_EQ(websocket_accept(std::string(20, 'a')).view(), "dUYRM7bOMwDmbriNIPr11x+r3E0=");
  EXPECT_EQ(websocket_accept(std::string(27, 'a')).view(), "NCEiOv6lMC9mC8oEZnneqRdJ4DU=");
  EXPECT_EQ(websocket_accept(std::string(28, 'a')).view(), "xMWmCBqYJY4uXzUs8PNU1t+Pzro=");
  EXPECT_EQ(websocket_accept(std::string(1000, 'a')).view(), "5NTUoiakd6SVWIqWDPiPpuZdCmI=");
}

// 16 bytes: 22 digits, of which the last has two bits (RFC 4648 section 4).
TEST(Upgrade, AKeyIsSixteenBytesAndAnotherEachTime) {
  Random random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string key(websocket_key(random).view());
    ASSERT_EQ(key.size(), 24U);
    EXPECT_EQ(
        key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
        22U);
    EXPECT_EQ(key.substr(22), "==");
    EXPECT_NE(std::string_view("AQgw").find(key[21]), std::string_view::npos) << key;
    seen.insert(key);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

bool answered(std::string_view request_lines, const std::string& response) {
  RequestParse request;
  EXPECT_TRUE(
      request.run("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(request_lines) + "\r\n").head);
  ResponseParse answer;
  EXPECT_TRUE(answer.run(response).head) << response;
  return answers_upgrade(request.head, answer.head);
}

TEST(Upgrade, AnAnswerNamesWhatWasAsked) {
  const std::string_view asked = "Connection: upgrade\r\nUpgrade: foo/2, bar\r\n";
  const auto naming = [](std::string_view protocols) {
    return "HTTP/1.1 101 S\r\nConnection: x, UPGRADE\r\nUpgrade: " + std::string(protocols) +
           "\r\n\r\n";
  };
  EXPECT_TRUE(answered(asked, naming("bar")));
  EXPECT_TRUE(answered(asked, naming("FOO/2")));
  EXPECT_TRUE(answered(asked, naming("bar, foo/2")));
  EXPECT_FALSE(answered(asked, naming("foo")));
  EXPECT_FALSE(answered(asked, naming("foo/2, baz")));
  EXPECT_FALSE(answered(asked, naming("h2c")));
  EXPECT_FALSE(answered(asked, "HTTP/1.1 101 S\r\nUpgrade: bar\r\n\r\n"));
  EXPECT_FALSE(answered(asked, "HTTP/1.1 101 S\r\nConnection: upgrade\r\n\r\n"));
  EXPECT_FALSE(answered(asked, "HTTP/1.0 101 S\r\nConnection: upgrade\r\nUpgrade: bar\r\n\r\n"));
  EXPECT_FALSE(answered("Upgrade: bar\r\n", naming("bar"))) << "nothing was asked";
}

TEST(Upgrade, AWebSocketKeyIsAnswered) {
  const std::string asked = "Connection: upgrade\r\nUpgrade: websocket\r\n";
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const std::string plain = "HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\n";
  const std::string accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  EXPECT_TRUE(answered(asked + key, plain + accept + "\r\n"));
  EXPECT_FALSE(answered(asked + key, plain + "\r\n"));
  EXPECT_FALSE(answered(asked + key, plain + accept + accept + "\r\n"));
  EXPECT_TRUE(answered(asked, plain + "\r\n")) << "without a key there is nothing to prove";
  EXPECT_TRUE(answered(asked + key + key, plain + "\r\n")) << "nor with two";
}

}  // namespace
}  // namespace weir::http
