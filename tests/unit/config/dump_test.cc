// A dump loads again to an equal configuration, whatever the texts in it, and keeps secrets to
// itself. fuzz_config.cc holds the same against files nobody thought of. Equality is the structs'
// own, so that a field the dump forgets fails here.
#include "config/dump.h"

#include <gtest/gtest.h>

#include "support.h"

namespace weir::config::testing {
namespace {

void expect_round_trip(const Loaded& loaded, const Variables& variables = kNoVariables) {
  ASSERT_EQ(lines_of(loaded.errors), "");
  const std::string text = dump(loaded.config);
  const Loaded again = load(text, variables);
  EXPECT_EQ(lines_of(again.errors), "") << text;
  EXPECT_EQ(again.config, loaded.config) << text;
  EXPECT_EQ(dump(again.config), text);
}

TEST(Dump, FilesOfConf) {
  for (const char* file : {"conf/reference.yaml", "conf/weir.yaml", "conf/canary.yaml",
                           "conf/shadow.yaml", "conf/tls.yaml", "conf/grpc.yaml"}) {
    expect_round_trip(load_file(source_file(file), environment_of(kReferenceVariables)),
                      kReferenceVariables);
  }
}

TEST(Dump, SmallestFile) {
  expect_round_trip(load(with_listener("")));
}

TEST(Dump, OffAndNothing) {
  expect_round_trip(load(with_listener(
      "admin: off\naccess_log: off\nlog: { level: error }\nroutes: []\nclusters: {}\n")));
}

TEST(Dump, Tls) {
  const Loaded loaded = load(
      "listeners: { web: { address: 127.0.0.1:8443, tls: { certificates: [{ cert: a.pem, key: "
      "/k/a.key }, { cert: b.pem, key: \"b c.key\", ocsp: b.ocsp }], min_version: 1.3, ciphers: "
      "ECDHE+AESGCM, client_ca: ../ca.pem, client_auth: optional, session_tickets: false, "
      "handshake_timeout: 3s } } }\n");
  expect_round_trip(loaded);
  const ListenerTls& tls = *loaded.config.listeners[0].tls;
  EXPECT_EQ(tls.certificates[0].cert.path, "a.pem");
  EXPECT_EQ(tls.certificates[1].cert.place.column, 108);
  EXPECT_EQ(tls.client_ca.path, "../ca.pem");
}

TEST(Dump, EveryOtherValue) {
  expect_round_trip(load(
      "workers: 3\nbuffer_bytes: 1GiB\nshutdown_timeout: 1500ms\n"
      "resolver: { servers: [10.0.0.53, \"[::1]:5353\"], timeout: 3s, min_ttl: 2s, max_ttl: "
      "1m, families: both }\n"
      "listeners: { v6: { address: \"[::1]:0\", limits: { body_bytes: 1234567, "
      "connections_per_address: 7, "
      "min_body_rate: 0, min_response_rate: 1KiB }, "
      "underscore_fields: pass } }\n"
      "routes:\n"
      "  - { name: r, cluster: c, body_bytes: 0, normalize_path: true, retry: { on: [] }, "
      "match: { query: { q: { present: false } } } }\n"
      "  - { name: l, respond: {}, rate_limit: { requests: 3 } }\n"
      "  - { name: m, respond: {}, rate_limit: { requests: 3, per: 90s, burst: 1, max_keys: 5, "
      "key: { header: X } } }\n"
      "  - { name: n, respond: {}, rate_limit: { requests: 3, key: { cookie: \"$x\" } } }\n"
      "  - { name: o, respond: {}, rate_limit: { requests: 3, key: client_ip } }\n"
      "  - { name: s, cluster: c, rewrite: { regex: a$, replace: \"\" }, retry: { on: [503, "
      "connect] } }\n"
      "clusters: { c: { balance: { maglev: path }, endpoints: [\"unix:/a b\"] }, "
      "d: { balance: maglev, endpoints: [a:1, { service: _a._tcp.b, backup: true }] } }\n"));
}

// Everything but the defaults, for what is left out at its default too.
TEST(Dump, SplitsAndMirrors) {
  const Variables variables = {{"SECRET", "s3cret"}};
  expect_round_trip(
      load(
          with_listener(
              "mirror_bytes: 1\n"
              "routes:\n"
              "  - name: r\n"
              "    split:\n"
              "      variants: [{ name: a, cluster: c, weight: 0 }, { name: true, cluster: d }]\n"
              "      key: [{ header: X }, { cookie: \"$x\" }, { query: \"a: b ${SECRET}\" }, "
              "{ issued_cookie: { name: __Secure-id, max_age: 90s, path: /a, domain: A.Example, "
              "secure: always, http_only: false, same_site: none, force: true } }]\n"
              "      missing_key: stable\n"
              "      salt: \"null\"\n"
              "      override: { header: X-V, cookie: v, secret_env: SECRET, from: [\"::1\"] }\n"
              "      on_unavailable: fail\n"
              "      rescue: { methods: [HEAD], on: [reset, 599], budget_percent: 0 }\n"
              "    mirror:\n"
              "      - { cluster: e, percent: 0.5, by: key, when: after, methods: [POST], timeout: "
              "1ms, max_in_flight: 1, max_body: 0, max_bytes: 1, host: \"[::1]:80\", set_headers: "
              "{ $a: $b, \"true\": \"\" }, remove_headers: [X], log: true }\n"
              "      - { cluster: f, fraction: { numerator: 7, denominator: 1000000 } }\n"
              "  - { name: s, split: { variants: [{ name: a, cluster: c }], key: [client_ip], "
              "rescue: { on: [timeout] }, override: { cookie: v, from: [10.0.0.0/8] } } }\n"
              "  - { name: t, split: { variants: [{ name: a, cluster: c }], key: "
              "[{ issued_cookie: { max_age: 0, secure: never, same_site: strict } }], rescue: off, "
              "override: { header: v, secret_env: SECRET } } }\n"
              "  - { name: u, cluster: c, mirror: [{ cluster: d, fraction: { numerator: 3, "
              "denominator: 10000 } }, { cluster: e, percent: 100 }] }\n"
              "clusters: { c: { endpoints: [a:1] }, d: { endpoints: [a:1] }, e: { endpoints: [a:1] "
              "}, "
              "f: { endpoints: [a:1] } }\n"),
          variables),
      variables);
}

TEST(Dump, TextsThatYamlOrExpansionCouldMisread) {
  for (const std::string_view text :
       {"null", "~",     "true", "no",  "0x10",       "1e3",     "- a", "a: b", "a #b", "#",  "'",
        "\\\"", "$${X}", "$$$$", "\\t", "\\x01\\x7f", "\\r\\n",  "*a",  "&a",   "!a",   "%a", "@a",
        "`a",   "{a}",   "[a]",  "a,b", "\xc3\xa4",   "\\u2028", "---", "..."}) {
    expect_round_trip(load(with_listener("routes: [{ name: r, respond: { body: \"" +
                                         std::string(text) + "\" } }]\n")));
  }
  for (const std::string_view key :
       {"null", "true", "a: b", "$x", "${X}", "#a", "- a", "\\x01", "\\\""}) {
    expect_round_trip(load(with_listener("routes: [{ name: r, respond: {}, match: { query: { \"" +
                                         std::string(key) + "\": x } } }]\n")));
  }
}

TEST(Dump, NeverShowsTheSecretOfAnOverride) {
  const Variables variables = {{"TESTER_SECRET", "s3cret"}};
  const Loaded loaded = load(
      with_listener("routes: [{ name: r, split: { variants: [{ name: a, cluster: c }], override: "
                    "{ header: x-v, secret_env: TESTER_SECRET } } }]\n"
                    "clusters: { c: { endpoints: [a:1] } }\n"),
      variables);
  expect_round_trip(loaded, variables);
  EXPECT_EQ(dump(loaded.config).find("s3cret"), std::string::npos);
  EXPECT_NE(dump(loaded.config).find("secret_env: TESTER_SECRET"), std::string::npos);
}

TEST(Dump, NeverShowsTheAdminToken) {
  const Variables variables = {{"TOKEN", "s3cret"}};
  const Loaded loaded = load(with_listener("admin: { token_env: TOKEN }"), variables);
  expect_round_trip(loaded, variables);
  EXPECT_EQ(dump(loaded.config).find("s3cret"), std::string::npos);
  EXPECT_NE(dump(loaded.config).find("token_env: TOKEN"), std::string::npos);
}

}  // namespace
}  // namespace weir::config::testing
