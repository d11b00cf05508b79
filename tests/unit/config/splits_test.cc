// Splits and mirrors that are right: every form that a key accepts, what it becomes, and what is
// only warned about. The forms that are refused are in bad/.
// Never checks who gets which variant; that is traffic/'s.
#include <gtest/gtest.h>

#include "support.h"

namespace weir::config::testing {
namespace {

constexpr std::string_view kClusters =
    "clusters: { c: { endpoints: [10.0.0.1:80] }, d: { endpoints: [10.0.0.2:80] }, m: { endpoints: "
    "[10.0.0.3:80] } }\n";

Loaded load_route(std::string_view keys, const Variables& variables = kNoVariables) {
  return load(with_listener("routes:\n  - { name: r, " + std::string(keys) + " }\n" +
                            std::string(kClusters)),
              variables);
}

Route sound_route(std::string_view keys, const Variables& variables = kNoVariables) {
  const Loaded loaded = load_route(keys, variables);
  EXPECT_EQ(lines_of(loaded.errors), "") << keys;
  EXPECT_EQ(lines_of(loaded.warnings), "") << keys;
  return loaded.config.routes.empty() ? Route{} : loaded.config.routes[0];
}

Split split_of(std::string_view keys, const Variables& variables = kNoVariables) {
  return sound_route("split: { variants: [{ name: a, cluster: c }, { name: b, cluster: d }], " +
                         std::string(keys) + " }",
                     variables)
      .split;
}

Mirror mirror_of(std::string_view keys) {
  const Route route =
      sound_route("cluster: c, mirror: [{ cluster: m, " + std::string(keys) + " }]");
  return route.mirrors.empty() ? Mirror{} : route.mirrors[0];
}

std::string warnings_of(std::string_view keys) {
  const Loaded loaded = load_route(keys);
  EXPECT_EQ(lines_of(loaded.errors), "") << keys;
  return lines_of(loaded.warnings);
}

TEST(Splits, VariantsInTheFilesOrder) {
  const Route route = sound_route(
      "split: { variants: [{ name: stable, cluster: c, weight: 95 }, { name: canary, cluster: d, "
      "weight: 0 }, { name: again, cluster: c }] }");
  EXPECT_EQ(route.action, ActionKind::split);
  EXPECT_EQ(route.split.variants,
            (std::vector<Variant>{
                {"stable", "c", 95, {}}, {"canary", "d", 0, {}}, {"again", "c", 1, {}}}));
  EXPECT_EQ(route.split.variants.at(1).place.line, 3);
}

TEST(Splits, TheRestHasDefaults) {
  const Split split = split_of("");
  Split expected;
  expected.variants = {{"a", "c", 1, {}}, {"b", "d", 1, {}}};
  EXPECT_EQ(split, expected);
  EXPECT_TRUE(split.key.empty());
  EXPECT_EQ(split.missing_key, MissingKey::random);
  EXPECT_EQ(split.salt, "");  // the route's name, for who compiles it
  EXPECT_TRUE(split.override.empty());
  EXPECT_EQ(split.on_unavailable, OnUnavailable::failover);
  EXPECT_TRUE(split.rescue.enabled);
}

TEST(Splits, OneVariantIsEnough) {
  EXPECT_EQ(sound_route("split: { variants: [{ name: a, cluster: c }] }").split.variants.size(),
            1U);
}

TEST(Splits, OtherKeysOfARouteGoWithASplit) {
  const Route route = sound_route(
      "split: { variants: [{ name: a, cluster: c }] }, retry: { attempts: 0 }, timeouts: { "
      "request: "
      "1s }, rewrite: { prefix: /x }");
  EXPECT_EQ(route.retry.attempts, 0);
  EXPECT_EQ(route.rewrite.prefix, "/x");
}

TEST(Splits, KeyForms) {
  EXPECT_EQ(
      split_of("key: [{ header: X-User }, { cookie: sid }, { query: \"user id\" }, client_ip]").key,
      (std::vector<SplitKey>{{KeySource::header, "X-User"},
                             {KeySource::cookie, "sid"},
                             {KeySource::query, "user id"},
                             {KeySource::client_ip, ""}}));
  EXPECT_TRUE(split_of("key: []").key.empty());
}

TEST(Splits, IssuedCookieForms) {
  for (const std::string_view form : {"issued_cookie", "{ issued_cookie: {} }"}) {
    const Split split = split_of("key: [{ cookie: sid }, " + std::string(form) + "]");
    ASSERT_EQ(split.key.size(), 2U);
    EXPECT_EQ(split.key[1], (SplitKey{KeySource::issued_cookie, "weir-id"}));
    EXPECT_EQ(split.issued_cookie, IssuedCookie{});
    EXPECT_EQ(split.issued_cookie.max_age, std::chrono::hours(30 * 24));
  }
  const Split split = split_of(
      "key: [{ issued_cookie: { name: who, max_age: 90s, path: /shop, domain: Example.com, secure: "
      "always, http_only: false, same_site: none, force: true } }]");
  EXPECT_EQ(split.key.at(0), (SplitKey{KeySource::issued_cookie, "who"}));
  EXPECT_EQ(split.issued_cookie, (IssuedCookie{"who", Millis(90'000), "/shop", "example.com",
                                               SecureCookie::always, false, SameSite::none, true}));
  EXPECT_EQ(split_of("key: [{ issued_cookie: { max_age: 0 } }]").issued_cookie.max_age, Millis(0));
}

TEST(Splits, Words) {
  const Split split = split_of(
      "key: [{ cookie: sid }], missing_key: stable, salt: \"2024 autumn\", on_unavailable: fail");
  EXPECT_EQ(split.missing_key, MissingKey::stable);
  EXPECT_EQ(split.salt, "2024 autumn");
  EXPECT_EQ(split.on_unavailable, OnUnavailable::fail);
}

TEST(Splits, OverrideTakesItsSecretFromTheEnvironment) {
  const Override override =
      split_of(
          "override: { header: X-V, cookie: v, secret_env: SECRET, from: [10.0.0.0/8, \"::1\"] }",
          {{"SECRET", "s3cret"}})
          .override;
  EXPECT_EQ(override.header, "X-V");
  EXPECT_EQ(override.cookie, "v");
  EXPECT_EQ(override.secret_env, "SECRET");
  EXPECT_EQ(override.secret, "s3cret");
  ASSERT_EQ(override.from.size(), 2U);
  EXPECT_EQ(override.from[0].prefix, 104);
  const Override by_source = split_of("override: { cookie: v, from: [192.0.2.7] }").override;
  EXPECT_EQ(by_source.secret, "");
  EXPECT_FALSE(by_source.empty());
}

TEST(Splits, ASecretMustFitWhereItIsSentAndIsNeverShown) {
  const Variables variables = {
      {"LINES", "two\nlines"}, {"BLANK", "two words"}, {"SEMICOLON", "two;2"}, {"EMPTY", ""}};
  const auto errors_of = [&](const std::string& keys) {
    return load_route("split: { variants: [{ name: a, cluster: c }], override: { " + keys + " } }",
                      variables)
        .errors;
  };
  for (const std::string name : {"LINES", "BLANK", "SEMICOLON", "EMPTY"}) {
    const auto errors = errors_of("cookie: v, secret_env: " + name);
    ASSERT_EQ(errors.size(), 1U) << name;
    EXPECT_NE(errors[0].message.find(name), std::string::npos);
    EXPECT_EQ(errors[0].message.find("two"), std::string::npos);
    EXPECT_EQ(errors[0].line, 3);
  }
  // A header carries more than a cookie does.
  EXPECT_EQ(errors_of("header: v, secret_env: LINES").size(), 1U);
  EXPECT_EQ(lines_of(errors_of("header: v, secret_env: BLANK")), "");
  EXPECT_EQ(lines_of(errors_of("header: v, secret_env: SEMICOLON")), "");
}

TEST(Splits, RescueForms) {
  const Rescue standard = split_of("rescue: {}").rescue;
  EXPECT_EQ(standard, Rescue{});
  EXPECT_TRUE(standard.on.connect && standard.on.reset && standard.on.timeout);
  const Rescue chosen =
      split_of("rescue: { methods: [HEAD, GET], on: [timeout, 503, 599, 503], budget_percent: 0 }")
          .rescue;
  EXPECT_EQ(chosen, (Rescue{true, {"HEAD", "GET"}, {false, false, true, {503, 599}}, 0}));
  for (const std::string_view off : {"off", "false", "\"off\""}) {
    EXPECT_FALSE(split_of("rescue: " + std::string(off)).rescue.enabled);
  }
}

TEST(Splits, StableForWhoHasNoKeyIsWarnedAboutWhenNobodyHas) {
  EXPECT_EQ(
      warnings_of("split: { variants: [{ name: a, cluster: c }], missing_key: stable }"),
      "test.yaml:3:75: without a key every request goes to the stable variant: give the split "
      "a key\n");
}

TEST(Mirrors, TheRestHasDefaults) {
  Mirror expected;
  expected.cluster = "m";
  expected.share = {10'000, 10'000};
  const Mirror mirror = mirror_of("percent: 100");
  EXPECT_EQ(mirror, expected);
  EXPECT_EQ(mirror.place.line, 3);
  EXPECT_TRUE(sound_route("cluster: c, mirror: []").mirrors.empty());
}

TEST(Mirrors, EveryKey) {
  const Route route = sound_route(
      "split: { variants: [{ name: a, cluster: c }], key: [client_ip] }, mirror: [{ cluster: m, "
      "percent: 10, by: key, when: after, methods: [POST, GET], timeout: 1ms, max_in_flight: "
      "1000000, max_body: 16MiB, max_bytes: 1GiB, host: next.internal:81, set_headers: { X-A: 1, "
      "x-b: \"\" }, remove_headers: [Authorization, X-C], log: true }]");
  ASSERT_EQ(route.mirrors.size(), 1U);
  Mirror expected;
  expected.cluster = "m";
  expected.share = {1000, 10'000};
  expected.by = MirrorBy::key;
  expected.when = MirrorWhen::after;
  expected.methods = {"POST", "GET"};
  expected.timeout = Millis(1);
  expected.max_in_flight = 1'000'000;
  expected.max_body = 16ULL * 1024 * 1024;
  expected.max_bytes = 1024ULL * 1024 * 1024;
  expected.host = "next.internal:81";
  expected.set_headers = {{"X-A", "1"}, {"x-b", ""}};
  expected.remove_headers = {"Authorization", "X-C"};
  expected.log = true;
  EXPECT_EQ(route.mirrors[0], expected);
}

TEST(Mirrors, Shares) {
  EXPECT_EQ(mirror_of("percent: 0").share, (Fraction{0, 10'000}));
  EXPECT_EQ(mirror_of("percent: 0.01").share, (Fraction{1, 10'000}));
  EXPECT_EQ(mirror_of("percent: \"33.33\"").share, (Fraction{3333, 10'000}));
  EXPECT_EQ(mirror_of("fraction: { numerator: 1 }").share, (Fraction{1, 100}));
  EXPECT_EQ(mirror_of("fraction: { denominator: 3, numerator: 3 }").share, (Fraction{3, 3}));
  EXPECT_EQ(mirror_of("fraction: { numerator: 0, denominator: 1000000 }").share,
            (Fraction{0, 1'000'000}));
  for (const std::string_view text : {"0.001", "-1", "100.01", "1e1", ".5", "\"5.\""}) {
    EXPECT_EQ(load_route("cluster: c, mirror: [{ cluster: m, percent: " + std::string(text) + " }]")
                  .errors.size(),
              1U)
        << text;
  }
}

TEST(Splits, APlaceBehindOneThatIsAlwaysThereIsWarnedAbout) {
  EXPECT_EQ(
      warnings_of("split: { variants: [{ name: a, cluster: c }], "
                  "key: [client_ip, { header: x }, issued_cookie] }"),
      "test.yaml:3:79: never reached, as every request has a client_ip: put client_ip last\n"
      "test.yaml:3:94: never reached, as every request has a client_ip: put client_ip last\n");
  EXPECT_EQ(
      warnings_of("split: { variants: [{ name: a, cluster: c }], "
                  "key: [issued_cookie, client_ip] }"),
      "test.yaml:3:83: never reached, as users without a key are given the issued cookie: put "
      "issued_cookie last\n");
}

TEST(Mirrors, CopiesToTheServingClusterAreWarnedAbout) {
  constexpr std::string_view kWarning =
      "copies go to the cluster that serves the request too, 'c'\n";
  EXPECT_EQ(warnings_of("cluster: c, mirror: [{ cluster: c, percent: 1 }]"),
            "test.yaml:3:48: " + std::string(kWarning));
  EXPECT_EQ(warnings_of("split: { variants: [{ name: a, cluster: d }, { name: b, cluster: c }] }, "
                        "mirror: [{ cluster: c, percent: 1 }]"),
            "test.yaml:3:109: " + std::string(kWarning));
}

TEST(Mirrors, ABoundThatItsBodiesCannotMeetIsWarnedAbout) {
  EXPECT_EQ(warnings_of("cluster: c, mirror: [{ cluster: m, percent: 1, max_bytes: 1KiB }]"),
            "test.yaml:3:37: max_bytes (1KiB) is below max_body (64KiB): a body of that size will "
            "never be mirrored\n");
}

}  // namespace
}  // namespace weir::config::testing
