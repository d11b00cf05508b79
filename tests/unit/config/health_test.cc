// Health checks, outliers and the limits of a cluster: defaults, values that follow from others,
// every bound one below, at and one above. Mistakes with their places are in bad/health.yaml.
#include <gtest/gtest.h>

#include "config/dump.h"
#include "support.h"

namespace weir::config::testing {
namespace {

Loaded load_cluster(const std::string& keys) {
  return load(with_listener("clusters: { c: { endpoints: [10.0.0.1:80], " + keys + " } }\n"));
}

Cluster cluster_with(const std::string& keys) {
  const Loaded loaded = load_cluster(keys);
  EXPECT_EQ(lines_of(loaded.errors), "");
  return loaded.errors.empty() ? loaded.config.clusters[0] : Cluster{};
}

bool accepts(const std::string& keys) {
  return load_cluster(keys).errors.empty();
}

TEST(Health, IsNotCheckedButEjectedUnlessTheFileSaysOtherwise) {
  const Cluster plain = cluster_with("balance: random");
  EXPECT_FALSE(plain.health_check);
  EXPECT_EQ(plain.outlier, Outlier{});
  EXPECT_TRUE(plain.outlier.enabled);
  EXPECT_FALSE(plain.outlier.success_rate);
  EXPECT_EQ(plain.when_all_unhealthy, WhenAllUnhealthy::fail);
  EXPECT_EQ(plain.slow_start, Millis(0));
  EXPECT_FALSE(cluster_with("outlier: off").outlier.enabled);
}

TEST(Health, CheckNeedsAPathAlone) {
  const HealthCheck check = *cluster_with("health_check: { path: \"/up?deep=1\" }").health_check;
  HealthCheck expected;
  expected.path = "/up?deep=1";
  EXPECT_EQ(check, expected);
}

TEST(Health, GrpcChecksAskTheServerOrAServiceOfIt) {
  HealthCheck expected;
  expected.kind = CheckKind::grpc;
  EXPECT_EQ(*cluster_with("protocol: http2, health_check: { grpc: {} }").health_check, expected);
  expected.service = "shop.Cart";
  expected.host = "shop.test";
  EXPECT_EQ(*cluster_with("protocol: http2, health_check: { grpc: { service: shop.Cart }, host: "
                          "shop.test }")
                 .health_check,
            expected);
}

TEST(Health, ServiceNamesHaveAMost) {
  const auto with_service = [](std::size_t size) {
    return accepts("protocol: http2, health_check: { grpc: { service: " + std::string(size, 'a') +
                   " } }");
  };
  EXPECT_TRUE(with_service(limits::kNameBytes - 1));
  EXPECT_TRUE(with_service(limits::kNameBytes));
  EXPECT_FALSE(with_service(limits::kNameBytes + 1));
}

TEST(Health, FailingEndpointsAreCheckedTwiceAsOften) {
  const auto unhealthy_interval = [](const std::string& interval) {
    return cluster_with("health_check: { tcp: true, interval: " + interval + " }")
        .health_check->unhealthy_interval;
  };
  EXPECT_EQ(unhealthy_interval("10s"), Millis(5000));
  EXPECT_EQ(unhealthy_interval("800ms"), Millis(500));
  EXPECT_EQ(unhealthy_interval("200ms"), Millis(200));
}

TEST(Health, StatusesAreSingleOrRanges) {
  const HealthCheck check =
      *cluster_with("health_check: { path: /, expect: [200, 300-399, \"404\"] }").health_check;
  EXPECT_EQ(check.expect, (std::vector<StatusRange>{{200, 200}, {300, 399}, {404, 404}}));
}

TEST(Health, TheLongestEjectionIsNeverBelowTheFirst) {
  EXPECT_EQ(cluster_with("outlier: { ejection: 10m }").outlier.max_ejection, Millis(600'000));
}

TEST(Health, IntervalsHaveALeast) {
  for (const std::string key : {"interval", "unhealthy_interval"}) {
    const std::string check = "health_check: { tcp: true, " + key + ": ";
    EXPECT_FALSE(accepts(check + "99ms }")) << key;
    EXPECT_TRUE(accepts(check + "100ms }")) << key;
    EXPECT_TRUE(accepts(check + "101ms }")) << key;
  }
}

TEST(Health, HeadersAndStatusesAreBounded) {
  const auto headers = [](std::size_t count) {
    std::string fields;
    for (std::size_t i = 0; i < count; ++i) fields += "x" + std::to_string(i) + ": a, ";
    return accepts("health_check: { path: /, headers: { " + fields + "} }");
  };
  EXPECT_TRUE(headers(limits::kCheckHeaders - 1));
  EXPECT_TRUE(headers(limits::kCheckHeaders));
  EXPECT_FALSE(headers(limits::kCheckHeaders + 1));

  const auto statuses = [](std::size_t count) {
    std::string list = "200";
    for (std::size_t i = 1; i < count; ++i) list += ", 200";
    return accepts("health_check: { path: /, expect: [" + list + "] }");
  };
  EXPECT_TRUE(statuses(limits::kStatusRanges - 1));
  EXPECT_TRUE(statuses(limits::kStatusRanges));
  EXPECT_FALSE(statuses(limits::kStatusRanges + 1));
}

TEST(Health, TheTextLookedForIsBounded) {
  const auto text = [](std::size_t bytes) {
    return accepts("health_check: { path: /, body: { contains: " + std::string(bytes, 'a') +
                   " } }");
  };
  EXPECT_TRUE(text(limits::kRegexBytes - 1));
  EXPECT_TRUE(text(limits::kRegexBytes));
  EXPECT_FALSE(text(limits::kRegexBytes + 1));
}

TEST(Health, DumpsWhatItLoaded) {
  for (const char* keys :
       {"outlier: off, when_all_unhealthy: use_all, slow_start: 90s",
        "outlier: { consecutive_failures: 0, success_rate: { min_requests: 5, below_percent: 1 }, "
        "interval: 1s, ejection: 2s, max_ejection: 3s, max_ejected_percent: 100 }",
        "health_check: { tcp: true, port: 81, interval: 1s, timeout: 5ms, healthy: 1, unhealthy: "
        "9, grace: 0 }, connections: { max_requests: 7, max_retries: 1 }",
        "health_check: { path: /, method: HEAD, host: \"a:1\", headers: { \"on\": \"$$x\" } }",
        "health_check: { path: /, body: { regex: \"^a: \\\"b\\\"$$\" }, expect: [200] }",
        "health_check: { path: /, body: { contains: \"a: # b\" }, unhealthy_interval: 7s }"}) {
    const Loaded loaded = load_cluster(keys);
    ASSERT_EQ(lines_of(loaded.errors), "") << keys;
    const std::string text = dump(loaded.config);
    const Loaded again = load(text);
    EXPECT_EQ(lines_of(again.errors), "") << text;
    EXPECT_EQ(again.config, loaded.config) << text;
  }
}

}  // namespace
}  // namespace weir::config::testing
