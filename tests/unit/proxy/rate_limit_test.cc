// A route's rate limit in an exchange: how a request beyond it is answered, that nothing else is
// done with it, and what a reload keeps.
#include <gtest/gtest.h>

#include <string>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using namespace std::chrono_literals;
using test::HttpText;
using test::kGet;
using test::kOk;
using test::Party;

class RateLimit : public test::ExchangeTest {
 protected:
  void limit(std::uint32_t requests, std::optional<config::SplitKey> key = {}) {
    route().rate_limit = {
        .requests = requests, .per = 10s, .burst = requests, .key = std::move(key)};
  }
  void respond() {
    route().action = config::ActionKind::respond;
    route().respond.body = "ok";
  }
  int status_of(std::string_view request, std::string_view from = "192.0.2.1") {
    Party& client = connect({}, from);
    client.sends(request);
    return client.receives().status();
  }
};

TEST_F(RateLimit, WhatIsBeyondItIsAnsweredAndGoesNoFurther) {
  limit(1);
  Party& client = connect();
  client.sends(kGet);
  accept().sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
  advance(1500ms);
  client.sends(kGet);
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.start, "HTTP/1.1 429 Too Many Requests");
  EXPECT_EQ(answer.field("Proxy-Status"),
            "weir; error=http_request_denied; details=\"too many requests\"");
  EXPECT_EQ(answer.field("Retry-After"), "9");
  EXPECT_EQ(answer.field("RateLimit-Policy"), "\"route\";q=1;w=10");
  EXPECT_EQ(answer.field("RateLimit"), "\"route\";r=0;t=9");
  EXPECT_EQ(answer.field("Connection"), "-") << "the connection stays";
  EXPECT_EQ(connector.targets().size(), 1U);
  EXPECT_EQ(last_record().values.reason, Errc::rate_limited);
  EXPECT_EQ(last_record().values.attempts, 0);
  EXPECT_EQ(last_record().route, "all");
  EXPECT_EQ(last_record().cluster, "");
  advance(8500ms);
  client.sends(kGet);
  EXPECT_EQ(records().size(), 2U) << "on its way to the origin";
}

TEST_F(RateLimit, ContentOfARefusedRequestIsNoRequest) {
  limit(1);
  respond();
  Party& client = connect();
  client.sends(kGet);
  client.receives();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 36\r\n\r\n");
  EXPECT_EQ(client.receives().status(), 429);
  client.sends("GET /smug HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(client.receives_bytes(), "");
  client.sends(kGet);
  EXPECT_EQ(client.receives().status(), 429);
  EXPECT_EQ(records().size(), 3U);
}

TEST_F(RateLimit, CountsOnlyRequestsOfItsRoute) {
  limit(1);
  respond();
  route().match.path = "/a";
  config::Route rest = route();
  rest.name = "rest";
  rest.match.path = "/";
  rest.rate_limit.reset();
  file.routes.push_back(rest);
  const std::string limited = "GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n";
  EXPECT_EQ(status_of(limited), 200);
  EXPECT_EQ(status_of(limited), 429);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status_of(kGet), 200);
}

TEST_F(RateLimit, ByClientAddressThatProxiesTell) {
  limit(1, {{config::KeySource::client_ip, ""}});
  respond();
  listener().trusted_proxies.push_back({parse_ip("192.0.2.9")->bytes, 128});
  const auto for_client = [](std::string_view address) {
    return "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: " + std::string(address) +
           "\r\n\r\n";
  };
  EXPECT_EQ(status_of(for_client("203.0.113.1"), "192.0.2.9"), 200);
  EXPECT_EQ(status_of(for_client("203.0.113.1"), "192.0.2.9"), 429);
  EXPECT_EQ(status_of(for_client("203.0.113.2"), "192.0.2.9"), 200);
  EXPECT_EQ(status_of(for_client("203.0.113.3"), "192.0.2.1"), 200);
  EXPECT_EQ(status_of(for_client("203.0.113.4"), "192.0.2.1"), 429) << "a stranger's word";
}

TEST_F(RateLimit, ByHeader) {
  limit(1, {{config::KeySource::header, "X-Key"}});
  respond();
  const auto with_key = [](std::string_view key) {
    return "GET / HTTP/1.1\r\nHost: a.test\r\nX-Key: " + std::string(key) + "\r\n\r\n";
  };
  EXPECT_EQ(status_of(with_key("a")), 200);
  EXPECT_EQ(status_of(with_key("a")), 429);
  EXPECT_EQ(status_of(with_key("b")), 200);
  EXPECT_EQ(status_of(kGet), 200);
  EXPECT_EQ(status_of(kGet, "192.0.2.7"), 429) << "those without share a bucket";
}

TEST_F(RateLimit, ARefusedRequestIsNoVariantsAndIsNotMirrored) {
  limit(1);
  route().action = config::ActionKind::split;
  route().split.variants = {{.name = "stable", .cluster = "origins", .weight = 0},
                            {.name = "canary", .cluster = "origins", .weight = 1}};
  config::Cluster next = cluster();
  next.name = "next";
  next.endpoints[0].address.host = "10.0.1.1";
  file.clusters.push_back(next);
  config::Mirror mirror;
  mirror.cluster = "next";
  mirror.share = {1, 1};
  route().mirrors.push_back(mirror);
  Party& client = connect();
  client.sends(kGet);
  accept_at("10.0.0.1:80").sends(kOk);
  accept_at("10.0.1.1:80").sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
  EXPECT_EQ(last_record().variant, "canary");
  client.sends(kGet);
  EXPECT_EQ(client.receives().status(), 429);
  EXPECT_EQ(last_record().values.split.assigned, observe::kNoVariant);
  EXPECT_EQ(last_record().variant, "");
  EXPECT_EQ(last_record().mirror, "");
  EXPECT_EQ(copies_ended().size(), 1U);
}

TEST_F(RateLimit, AReloadThatLeavesItAloneKeepsTheBuckets) {
  limit(1);
  respond();
  EXPECT_EQ(status_of(kGet), 200);
  route().respond.body = "another";
  reload();
  EXPECT_EQ(status_of(kGet), 429);
  limit(2);
  reload();
  EXPECT_EQ(status_of(kGet), 200);
  EXPECT_EQ(status_of(kGet), 200);
  EXPECT_EQ(status_of(kGet), 429);
}

TEST_F(RateLimit, ARouteOfAnotherNameHasItsOwn) {
  limit(1);
  respond();
  EXPECT_EQ(status_of(kGet), 200);
  route().name = "other";
  reload();
  EXPECT_EQ(status_of(kGet), 200);
  route().rate_limit.reset();
  reload();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status_of(kGet), 200);
}

}  // namespace
}  // namespace weir::proxy
