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
  for (const char* file : {"conf/reference.yaml", "conf/weir.yaml"}) {
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

TEST(Dump, EveryOtherValue) {
  expect_round_trip(
      load("workers: 3\nshutdown_timeout: 1500ms\n"
           "listeners: { v6: { address: \"[::1]:0\", limits: { body_bytes: 1234567 }, "
           "underscore_fields: pass } }\n"
           "routes:\n"
           "  - { name: r, cluster: c, body_bytes: 0, normalize_path: true, retry: { on: [] }, "
           "match: { query: { q: { present: false } } } }\n"
           "  - { name: s, cluster: c, rewrite: { regex: a$, replace: \"\" }, retry: { on: [503, "
           "connect] } }\n"
           "clusters: { c: { balance: { maglev: path }, endpoints: [\"unix:/a b\"] }, "
           "d: { balance: maglev, endpoints: [a:1] } }\n"));
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

TEST(Dump, NeverShowsTheAdminToken) {
  const Variables variables = {{"TOKEN", "s3cret"}};
  const Loaded loaded = load(with_listener("admin: { token_env: TOKEN }"), variables);
  expect_round_trip(loaded, variables);
  EXPECT_EQ(dump(loaded.config).find("s3cret"), std::string::npos);
  EXPECT_NE(dump(loaded.config).find("token_env: TOKEN"), std::string::npos);
}

}  // namespace
}  // namespace weir::config::testing
