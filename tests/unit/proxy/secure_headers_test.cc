// What is said to browsers for their safety: the way to https, HSTS only where it may be, presets
// only where the origin says nothing.
#include <gtest/gtest.h>

#include <string>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::HttpText;
using test::kGet;
using test::Party;

class SecureHeaders : public test::ExchangeTest {
 protected:
  // The response to a request with these fields, when the origin sends those.
  HttpText response(std::string_view fields, std::string_view origin_fields,
                    std::string_view from = "192.0.2.1") {
    Party& client = connect({}, from);
    client.sends("GET / HTTP/1.1\r\nHost: a.test\r\n" + std::string(fields) + "\r\n");
    accept().sends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n" +
                   std::string(origin_fields) + "\r\nok");
    return client.receives();
  }
};

TEST_F(SecureHeaders, RedirectToHttpsKeepsHostPathAndQuery) {
  route().action = config::ActionKind::redirect;
  route().redirect.https = true;
  Party& client = connect();
  client.sends("GET /a/b?c=d HTTP/1.1\r\nHost: Shop.test:8080\r\n\r\n");
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 308);
  EXPECT_EQ(answer.field("Location"), "https://Shop.test/a/b?c=d");
  client.sends("GET /x HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 400);
}

TEST_F(SecureHeaders, RedirectToHttpsGoesToThePortAsked) {
  route().action = config::ActionKind::redirect;
  route().redirect = {.to = {}, .status = 301, .https = true, .port = 8443};
  Party& client = connect();
  client.sends("GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n");
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 301);
  EXPECT_EQ(answer.field("Location"), "https://[2001:db8::1]:8443/");
}

TEST_F(SecureHeaders, HstsGoesOverTlsAlone) {
  listener().trusted_proxies = {{.network = parse_ip("10.1.2.3").value().bytes, .prefix = 128}};
  route().hsts = config::Hsts{.include_subdomains = true, .preload = true};
  constexpr std::string_view kField = "Strict-Transport-Security";
  constexpr std::string_view kTold = "X-Forwarded-Proto: https\r\n";
  EXPECT_FALSE(response("", "").has(kField));
  EXPECT_FALSE(response(kTold, "").has(kField)) << "anybody can say so";
  EXPECT_FALSE(response("X-Forwarded-Proto: http\r\n", "", "10.1.2.3").has(kField));
  const HttpText over_tls = response(kTold, "Strict-Transport-Security: max-age=1\r\n", "10.1.2.3");
  EXPECT_EQ(over_tls.field(kField), "max-age=31536000; includeSubDomains; preload");
}

TEST_F(SecureHeaders, ThePresetLeavesTheOriginsFields) {
  route().response_preset = config::HeaderPreset::security;
  const HttpText bare = response("", "");
  EXPECT_EQ(bare.field("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(bare.field("X-Frame-Options"), "SAMEORIGIN");
  EXPECT_EQ(bare.field("Referrer-Policy"), "strict-origin-when-cross-origin");
  const HttpText own = response("", "x-frame-options: DENY\r\n");
  EXPECT_EQ(own.field("X-Frame-Options"), "DENY");
  EXPECT_EQ(own.field("X-Content-Type-Options"), "nosniff");
}

TEST_F(SecureHeaders, TheRoutesOwnEditsHaveTheLastWord) {
  route().response_preset = config::HeaderPreset::security;
  route().response_headers.set = {{"X-Frame-Options", "DENY"}};
  route().response_headers.remove = {"Referrer-Policy"};
  const HttpText answer = response("", "");
  EXPECT_EQ(answer.field("X-Frame-Options"), "DENY");
  EXPECT_FALSE(answer.has("Referrer-Policy"));
}

// Browsers' lists want it of a host that only redirects (hstspreload.org).
TEST_F(SecureHeaders, HstsGoesWithOurOwnAnswersOverTls) {
  listener().trusted_proxies = {{.network = parse_ip("10.1.2.3").value().bytes, .prefix = 128}};
  route().hsts = config::Hsts{};
  constexpr std::string_view kField = "Strict-Transport-Security";
  const auto asked = [&](std::string_view fields) {
    Party& client = connect({}, "10.1.2.3");
    client.sends("GET / HTTP/1.1\r\nHost: a.test\r\n" + std::string(fields) + "\r\n");
    return client.receives();
  };
  endpoint().set_healthy(false);
  const HttpText error = asked("X-Forwarded-Proto: https\r\n");
  EXPECT_EQ(error.status(), 503);
  EXPECT_EQ(error.field(kField), "max-age=31536000");
  EXPECT_TRUE(error.has("Proxy-Status"));
  EXPECT_FALSE(asked("X-Forwarded-Proto: http\r\n").has(kField));
  route().action = config::ActionKind::redirect;
  route().redirect.to = "https://b.test/";
  reload();
  EXPECT_EQ(asked("X-Forwarded-Proto: https\r\n").field(kField), "max-age=31536000");
  EXPECT_FALSE(asked("").has(kField));
}

TEST_F(SecureHeaders, ARouteThatAnswersHasItsFields) {
  route().action = config::ActionKind::respond;
  route().respond = {.status = 204, .body = {}, .content_type = {}};
  route().response_preset = config::HeaderPreset::security;
  route().response_headers.set = {{"Access-Control-Allow-Origin", "*"},
                                  {"x-frame-options", "DENY"}};
  route().response_headers.add = {{"Vary", "Origin"}, {"vary", "Accept"}};
  Party& client = connect();
  client.sends("OPTIONS /api HTTP/1.1\r\nHost: a.test\r\n\r\n");
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 204);
  EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(answer.field("X-Frame-Options"), "DENY");
  EXPECT_EQ(answer.field("Vary"), "Origin, Accept");
  EXPECT_EQ(answer.field("X-Content-Type-Options"), "nosniff");
}

TEST_F(SecureHeaders, AltSvcPasses) {
  const HttpText answer = response("", "Alt-Svc: h3=\":443\"; ma=86400\r\n");
  EXPECT_EQ(answer.field("Alt-Svc"), "h3=\":443\"; ma=86400");
}

}  // namespace
}  // namespace weir::proxy
