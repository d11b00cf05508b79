// What a file that is right becomes: defaults, every key of the reference, and what is only warned
// about. The files that are wrong are in bad/. Never depends on the process's environment or
// working folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support.h"

namespace weir::config::testing {
namespace {

TEST(Loader, SmallestFileGetsTheDefaults) {
  const Loaded loaded = load(with_listener(""));
  ASSERT_TRUE(loaded.errors.empty()) << lines_of(loaded.errors);
  Config expected;
  Listener web;
  web.name = "web";
  web.address = {.host = "127.0.0.1", .port = 8080, .unix_path = {}};
  expected.listeners.push_back(web);
  EXPECT_EQ(loaded.config, expected);
}

TEST(Loader, EveryFileOfConfLoadsWithoutAWarning) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_file("conf"))) {
    if (entry.path().extension() != ".yaml") continue;
    const Loaded loaded = load_file(entry.path().string(), environment_of(kReferenceVariables));
    EXPECT_EQ(lines_of(loaded.errors), "");
    EXPECT_EQ(lines_of(loaded.warnings), "");
    ++files;
  }
  EXPECT_GE(files, 4);
}

TEST(Loader, QuickstartHasTheThreeOriginsOfTheSampleServers) {
  const Loaded loaded = load_file(source_file("conf/weir.yaml"), environment_of(kNoVariables));
  ASSERT_TRUE(loaded.errors.empty()) << lines_of(loaded.errors);
  ASSERT_EQ(loaded.config.listeners.size(), 1U);
  EXPECT_EQ(to_string(loaded.config.listeners[0].address), "127.0.0.1:8080");
  ASSERT_EQ(loaded.config.clusters.size(), 1U);
  std::vector<std::string> endpoints;
  for (const Endpoint& endpoint : loaded.config.clusters[0].endpoints) {
    endpoints.push_back(to_string(endpoint.address));
  }
  EXPECT_EQ(endpoints,
            (std::vector<std::string>{"127.0.0.1:9101", "127.0.0.1:9102", "127.0.0.1:9103"}));
}

TEST(Loader, TheExamplesNeedNoVariablesAndTheSampleServers) {
  for (const char* file : {"conf/canary.yaml", "conf/shadow.yaml"}) {
    const Loaded loaded = load_file(source_file(file), environment_of(kNoVariables));
    EXPECT_EQ(lines_of(loaded.errors), "");
    EXPECT_EQ(to_string(loaded.config.listeners.at(0).address), "127.0.0.1:8080") << file;
    std::vector<std::string> endpoints;
    for (const Cluster& cluster : loaded.config.clusters) {
      for (const Endpoint& endpoint : cluster.endpoints) {
        endpoints.push_back(to_string(endpoint.address));
      }
    }
    EXPECT_EQ(endpoints,
              (std::vector<std::string>{"127.0.0.1:9101", "127.0.0.1:9102", "127.0.0.1:9103"}))
        << file;
  }
}

TEST(Loader, SectionsOfTheProcess) {
  const Loaded loaded =
      load(with_listener("workers: 4\n"
                         "shutdown_timeout: 0\n"
                         "mirror_bytes: 1MiB\n"
                         "admin: { address: \"[::]:9901\", token_env: TOKEN }\n"
                         "access_log: { path: /var/log/weir.log, format: combined }\n"
                         "log: { path: stdout, level: debug }\n"
                         "resolver: { servers: [10.0.0.53, \"[::1]:5353\"], max_ttl: 500ms }\n"),
           {{"TOKEN", "s3cret"}});
  ASSERT_TRUE(loaded.errors.empty()) << lines_of(loaded.errors);
  const Config& config = loaded.config;
  EXPECT_EQ(config.workers, 4);
  EXPECT_EQ(config.shutdown_timeout, Millis(0));
  EXPECT_EQ(config.mirror_bytes, 1024U * 1024);
  EXPECT_EQ(to_string(config.admin.address), "[::]:9901");
  EXPECT_EQ(config.admin.token, "s3cret");
  EXPECT_EQ(config.access_log.path, "/var/log/weir.log");
  EXPECT_EQ(config.access_log.format, LogFormat::combined);
  EXPECT_EQ(config.log.path, "stdout");
  ASSERT_EQ(config.resolver.servers.size(), 2U);
  EXPECT_EQ(to_string(config.resolver.servers[0]), "10.0.0.53:53");
  EXPECT_EQ(to_string(config.resolver.servers[1]), "[::1]:5353");
  EXPECT_EQ(config.resolver.max_ttl, Millis(500));
  EXPECT_EQ(config.resolver.min_ttl, Millis(500)) << "never above max_ttl";
  EXPECT_EQ(config.log.level, LogLevel::debug);
}

TEST(Loader, AdminAndAccessLogCanBeOff) {
  for (const std::string_view off : {"off", "false", "\"off\""}) {
    const Loaded loaded =
        load(with_listener("admin: " + std::string(off) + "\naccess_log: " + std::string(off)));
    ASSERT_TRUE(loaded.errors.empty()) << lines_of(loaded.errors);
    EXPECT_FALSE(loaded.config.admin.enabled);
    EXPECT_EQ(loaded.config.access_log.format, LogFormat::off);
  }
}

TEST(Loader, AnAdminTokenMustFitIntoAHeaderAndIsNeverShown) {
  const Variables variables = {{"TOKEN", "two\nlines"}, {"EMPTY", ""}};
  for (const std::string name : {"TOKEN", "EMPTY"}) {
    const Loaded loaded = load(with_listener("admin: { token_env: " + name + " }"), variables);
    ASSERT_EQ(loaded.errors.size(), 1U);
    EXPECT_EQ(loaded.errors[0].message.find("two"), std::string::npos);
  }
}

TEST(Loader, ListenerKeys) {
  const Loaded loaded = load(
      "listeners:\n"
      "  web:\n"
      "    address: unix:/run/weir/web.sock\n"
      "    proxy_protocol: true\n"
      "    trusted_proxies: [10.0.0.0/8, 192.0.2.7, fd00::/8]\n"
      "    limits: { header_bytes: 32KiB, headers: 50, body_bytes: 1MiB, connections: 1000 }\n"
      "    timeouts: { head: 1s, body_idle: 2s, write_idle: 3s, idle: 4s }\n"
      "    requests_per_connection: 7\n"
      "    underscore_fields: refuse\n");
  ASSERT_TRUE(loaded.errors.empty()) << lines_of(loaded.errors);
  const Listener& web = loaded.config.listeners.at(0);
  EXPECT_EQ(web.address.unix_path, "/run/weir/web.sock");
  EXPECT_TRUE(web.proxy_protocol);
  ASSERT_EQ(web.trusted_proxies.size(), 3U);
  EXPECT_EQ(web.trusted_proxies[0].prefix, 104);
  EXPECT_EQ(web.trusted_proxies[1].prefix, 128);
  EXPECT_EQ(web.trusted_proxies[2].prefix, 8);
  EXPECT_EQ(web.limits, (ListenerLimits{32 * 1024, 50, 1024 * 1024, 1000}));
  EXPECT_EQ(web.timeouts,
            (ListenerTimeouts{Millis(1000), Millis(2000), Millis(3000), Millis(4000)}));
  EXPECT_EQ(web.requests_per_connection, 7U);
  EXPECT_EQ(web.underscore_fields, UnderscoreFields::refuse);
  EXPECT_EQ(web.place.line, 3);
  EXPECT_EQ(web.place.column, 14);
}

TEST(Loader, KeysOfLaterVersionsMayStateTheDefault) {
  const Loaded loaded = load(
      "listeners: { web: { address: 127.0.0.1:8080 } }\n"
      "routes: [{ name: r, cluster: c, mirror: [] }]\n"
      "clusters: { c: { endpoints: [10.0.0.1:80], protocol: http1, when_all_unhealthy: fail } }\n");
  EXPECT_EQ(lines_of(loaded.errors), "");
}

TEST(Loader, ACatchAllBeforeOtherRoutesIsWarnedAbout) {
  const std::string routes =
      "routes:\n  - { name: all, respond: {} }\n  - { name: rest, match: { path: /x }, respond: {} "
      "}\n";
  const Loaded loaded = load(with_listener(routes));
  EXPECT_EQ(lines_of(loaded.errors), "");
  EXPECT_EQ(
      lines_of(loaded.warnings),
      "test.yaml:3:5: route 'all' takes every request: the route behind it is never reached\n");
}

TEST(Loader, ACountThatNoEndpointMayEverLeaveIsWarnedAbout) {
  const auto warnings = [](const std::string& endpoints) {
    return lines_of(load(with_listener("routes: [{ name: r, cluster: c }]\n"
                                       "clusters: { c: { endpoints: " +
                                       endpoints + ", min_available: 2 } }\n"))
                        .warnings);
  };
  EXPECT_THAT(warnings("['127.0.0.1:1']"),
              ::testing::HasSubstr("more than the 1 endpoint there is: none can be taken out"));
  EXPECT_EQ(warnings("['127.0.0.1:1', '127.0.0.1:2']"), "");
  EXPECT_EQ(warnings("['app.internal:1']"), "") << "a name may stand for many";
}

TEST(Loader, FilesThatCannotBeReadAreNamed) {
  const Loaded missing = load_file("/nonexistent/weir.yaml", environment_of(kNoVariables));
  EXPECT_EQ(lines_of(missing.errors),
            "/nonexistent/weir.yaml: cannot be opened: No such file or directory\n");
  const Loaded folder = load_file(source_file("conf"), environment_of(kNoVariables));
  EXPECT_EQ(lines_of(folder.errors), source_file("conf") + ": is a directory: name the file\n");
}

TEST(Loader, AnchorsSpareRepetition) {
  const Loaded loaded =
      load(with_listener("routes:\n"
                         "  - { name: a, cluster: c, timeouts: &slow { response_head: 5m } }\n"
                         "  - { name: b, cluster: c, timeouts: *slow }\n"
                         "clusters: { c: { endpoints: [10.0.0.1:80] } }\n"));
  ASSERT_TRUE(loaded.errors.empty()) << lines_of(loaded.errors);
  EXPECT_EQ(loaded.config.routes.at(1).timeouts.response_head, Millis(300'000));
}

TEST(Loader, VariablesExpandInValuesNotInKeys) {
  const Variables variables = {
      {"PORT", "8081"}, {"EMPTY", ""}, {"TRICK", "x }, evil: { address: 1.1.1.1:1"}};
  const Loaded loaded = load(
      "listeners: { web: { address: \"127.0.0.1:${PORT}\" } }\n"
      "shutdown_timeout: ${GRACE:-5s}\n"
      "routes:\n"
      "  - { name: r, respond: { body: \"${EMPTY:-empty} ${EMPTY}$$ $1 ${TRICK}\" } }\n"
      "  - { name: s, match: { headers: { $x: \"^a$\" } }, respond: {} }\n",
      variables);
  ASSERT_TRUE(loaded.errors.empty()) << lines_of(loaded.errors);
  EXPECT_EQ(loaded.config.listeners.at(0).address.port, 8081);
  EXPECT_EQ(loaded.config.shutdown_timeout, Millis(5000));
  EXPECT_EQ(loaded.config.routes.at(0).respond.body, "empty $ $1 x }, evil: { address: 1.1.1.1:1");
  EXPECT_EQ(loaded.config.routes.at(1).match.headers.at(0).name, "$x");
  EXPECT_EQ(loaded.config.routes.at(1).match.headers.at(0).value, "^a$");
}

}  // namespace
}  // namespace weir::config::testing
