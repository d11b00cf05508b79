// Heads on their whole way: what origins and clients see of each other, and what the proxy adds.
#include <gtest/gtest.h>

#include <string>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::HttpText;
using test::kOk;
using test::Party;

class Forwarding : public test::ExchangeTest {
 protected:
  // What the origin gets for a GET of `target` with those lines, which end in CRLF.
  HttpText forwarded(std::string_view lines, std::string_view target = "/",
                     std::string_view from = "192.0.2.1") {
    Party& client = connect({}, from);
    client.sends("GET " + std::string(target) + " HTTP/1.1\r\nHost: a.test\r\n" +
                 std::string(lines) + "\r\n");
    Party& origin = accept();
    HttpText request = origin.receives();
    origin.sends("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(client.receives().status(), 200);
    return request;
  }
  // What the client gets of a response with those lines.
  HttpText returned(std::string_view lines) {
    Party& client = connect();
    client.sends(test::kGet);
    accept().sends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + std::string(lines) + "\r\n");
    return client.receives();
  }
};

TEST_F(Forwarding, TheOriginLearnsWhoAsked) {
  const HttpText request = forwarded("");
  EXPECT_EQ(request.field("X-Forwarded-For"), "192.0.2.1");
  EXPECT_EQ(request.field("X-Forwarded-Proto"), "http");
  EXPECT_EQ(request.field("X-Forwarded-Host"), "a.test");
  EXPECT_EQ(request.field("Via"), "1.1 weir");
  EXPECT_EQ(request.field("X-Request-Id").size(), 32U);
  EXPECT_EQ(request.field("X-Request-Id"), last_record().id);
  EXPECT_EQ(request.field("traceparent").substr(3, 32), last_record().trace_id);
  EXPECT_EQ(last_record().client, "192.0.2.1");
}

TEST_F(Forwarding, ClaimsOfStrangersAreReplaced) {
  const HttpText request = forwarded(
      "X-Forwarded-For: 10.1.1.1\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 10.1.1.1\r\n"
      "Forwarded: for=10.1.1.1\r\nX-Request-Id: forged\r\nX-Forwarded-Host: b\r\n");
  EXPECT_EQ(request.field("X-Forwarded-For"), "192.0.2.1");
  EXPECT_EQ(request.field("X-Forwarded-Proto"), "http");
  EXPECT_EQ(request.field("X-Forwarded-Host"), "a.test");
  EXPECT_FALSE(request.has("X-Real-IP"));
  EXPECT_FALSE(request.has("Forwarded"));
  EXPECT_NE(request.field("X-Request-Id"), "forged");
}

TEST_F(Forwarding, ATrustedProxyIsBelieved) {
  config::Cidr block;
  block.network = parse_ip("192.0.2.0")->bytes;
  block.prefix = 120;
  listener().trusted_proxies.push_back(block);
  const HttpText request = forwarded(
      "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Request-Id: mine\r\n");
  EXPECT_EQ(request.field("X-Forwarded-For"), "203.0.113.9, 192.0.2.1");
  EXPECT_EQ(request.field("X-Forwarded-Proto"), "https");
  EXPECT_EQ(request.field("X-Request-Id"), "mine");
  EXPECT_EQ(last_record().client, "203.0.113.9");
  EXPECT_EQ(last_record().id, "mine");
}

TEST_F(Forwarding, HopByHopFieldsOfRequestsStayHere) {
  const HttpText request = forwarded(
      "Connection: X-Hop, X-Forwarded-For, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
      "Proxy-Connection: close\r\nTE: gzip\r\nUpgrade: h2c\r\nX-End: 2\r\n");
  for (std::string_view name :
       {"Connection", "X-Hop", "Keep-Alive", "Proxy-Connection", "TE", "Upgrade"}) {
    EXPECT_FALSE(request.has(name)) << name;
  }
  EXPECT_EQ(request.field("X-End"), "2");
  EXPECT_EQ(request.field("X-Forwarded-For"), "192.0.2.1") << "ours cannot be nominated away";
}

TEST_F(Forwarding, HopByHopFieldsOfResponsesStayHere) {
  const HttpText response = returned(
      "Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\n"
      "Upgrade: h2c\r\nX-End: 2\r\n");
  for (std::string_view name :
       {"Connection", "X-Hop", "Keep-Alive", "Proxy-Connection", "Upgrade"}) {
    EXPECT_FALSE(response.has(name)) << name;
  }
  EXPECT_EQ(response.field("X-End"), "2");
  EXPECT_EQ(response.field("Via"), "1.1 weir");
}

TEST_F(Forwarding, UnderscoreTwinsAreDropped) {
  EXPECT_FALSE(forwarded("X_Forwarded_For: 10.1.1.1\r\n").has("X_Forwarded_For"));
}

TEST_F(Forwarding, ARoutesEditsApplyToRequests) {
  route().request_headers = {.set = {{"X-Set", "new"}, {"X-Fresh", "f"}},
                             .add = {{"X-Add", "second"}},
                             .remove = {"X-Secret"}};
  const HttpText request = forwarded("x-set: old\r\nX-Add: first\r\nX-SECRET: s\r\n");
  EXPECT_EQ(request.field("X-Set"), "new");
  EXPECT_EQ(request.field("X-Fresh"), "f");
  EXPECT_EQ(request.field("X-Add"), "first, second");
  EXPECT_FALSE(request.has("X-Secret"));
}

TEST_F(Forwarding, ARoutesEditsApplyToResponses) {
  route().response_headers = {
      .set = {{"Server", "weir"}}, .add = {{"X-Add", "second"}}, .remove = {"X-Powered-By"}};
  const HttpText response = returned("Server: old\r\nX-Add: first\r\nX-Powered-By: steam\r\n");
  EXPECT_EQ(response.field("Server"), "weir");
  EXPECT_EQ(response.field("X-Add"), "first, second");
  EXPECT_FALSE(response.has("X-Powered-By"));
}

TEST_F(Forwarding, ARewrittenPathKeepsTheQuery) {
  route().match.path = "/old";
  route().rewrite.prefix = "/new";
  EXPECT_EQ(forwarded("", "/old/x?q=1").start, "GET /new/x?q=1 HTTP/1.1");
  EXPECT_EQ(last_record().path, "/old/x?q=1") << "the record shows what was asked for";
}

TEST_F(Forwarding, ANormalisedPathIsForwardedAsItWasRouted) {
  route().match.path = "/b";
  route().normalize_path = true;
  EXPECT_EQ(forwarded("", "/a/../b/%7Ec?q=/../").start, "GET /b/~c?q=/../ HTTP/1.1");
}

TEST_F(Forwarding, AnotherPathIsForwardedAsReceived) {
  EXPECT_EQ(forwarded("", "/a/../b//c?q").start, "GET /a/../b//c?q HTTP/1.1");
}

TEST_F(Forwarding, AnAbsoluteTargetDecidesTheHost) {
  const HttpText request = forwarded("", "http://b.test/x?y");
  EXPECT_EQ(request.start, "GET /x?y HTTP/1.1");
  EXPECT_EQ(request.field("Host"), "b.test");
  EXPECT_EQ(last_record().host, "b.test");
}

TEST_F(Forwarding, OrderAndCaseOfFieldsAreKept) {
  const HttpText request = forwarded("b-Second: 2\r\nA-FIRST: 1\r\nb-Second: 3\r\n");
  ASSERT_GE(request.fields.size(), 4U);
  EXPECT_EQ(request.fields[1].first, "b-Second");
  EXPECT_EQ(request.fields[2].first, "A-FIRST");
  EXPECT_EQ(request.fields[3].second, "3");
}

TEST_F(Forwarding, AClientOnAUnixSocketIsUnknown) {
  EXPECT_EQ(forwarded("", "/", "").field("X-Forwarded-For"), "unknown");
}

TEST_F(Forwarding, ARetriedRequestIsTheSameRequest) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(test::kGet);
  Party& first = accept();
  const HttpText tried = first.receives();
  first.closes();
  Party& second = accept();
  EXPECT_EQ(second.receives(), tried);
  second.sends(kOk);
}

}  // namespace
}  // namespace weir::proxy
