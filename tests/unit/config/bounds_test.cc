// What could make reading a file expensive or ambiguous is refused at its bound: size, depth,
// number of values, aliases, bytes that YAML does not allow, and an endless list of errors. Each
// bound is tried at and one above. Never takes more than a moment: the bounds themselves are what
// keeps it so.
#include <gtest/gtest.h>

#include "config/tree.h"
#include "support.h"

namespace weir::config::testing {
namespace {

std::vector<ConfigError> tree_errors(std::string_view text) {
  ErrorList errors("test.yaml");
  const Tree tree = parse_tree(text, errors);
  std::vector<ConfigError> out = errors.take();
  EXPECT_EQ(tree.root == nullptr, !out.empty());
  return out;
}

TEST(Bounds, Depth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(lines_of(tree_errors(nested(limits::kConfigDepth))), "");
  EXPECT_EQ(lines_of(tree_errors(nested(limits::kConfigDepth + 1))),
            "test.yaml:1:33: nested deeper than 32 levels\n");
  EXPECT_FALSE(tree_errors(std::string(1'000'000, '[')).empty());
}

TEST(Bounds, AliasesCountAsWhatTheyStandFor) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 1; j < 10; ++j) bomb += ", " + last;
    bomb += "]\n";
  }
  const std::vector<ConfigError> errors = tree_errors(bomb);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].message, "more than 2000000 values (an alias counts as all it stands for)");
}

TEST(Bounds, Values) {
  // One root, one key, one list, and an alias for a list of 1,000 with its own node.
  std::string text = "a: &a [" + std::string("x");
  for (int i = 1; i < 998; ++i) text += ",x";
  text += "]\nb: [";
  const std::size_t before = 1 + 1 + 999 + 1 + 1;
  for (std::size_t count = before; count + 999 <= limits::kConfigNodes; count += 999) text += "*a,";
  const std::size_t left = (limits::kConfigNodes - before) % 999;
  std::string full = text;
  for (std::size_t i = 0; i < left; ++i) full += "x,";
  EXPECT_EQ(lines_of(tree_errors(full + "]")), "");
  EXPECT_EQ(tree_errors(full + "x]").size(), 1U);
}

TEST(Bounds, Size) {
  // Something else is wrong at the front, so that the right size is seen without parsing 64 MiB.
  std::string text = "\x01";
  text.resize(limits::kConfigBytes, '#');
  EXPECT_EQ(lines_of(load(text).errors),
            "test.yaml:1:1: control character 0x01: write it as \"\\x01\"\n");
  text += '#';
  EXPECT_EQ(lines_of(load(text).errors), "test.yaml: larger than 67108864 bytes\n");
}

TEST(Bounds, NameServers) {
  const auto with_servers = [](std::size_t count) {
    std::string text = "resolver: { servers: [10.0.0.1";
    for (std::size_t i = 1; i < count; ++i) text += ", 10.0.0.1";
    return load(with_listener(text + "] }\n"));
  };
  EXPECT_TRUE(with_servers(limits::kNameServers - 1).errors.empty());
  EXPECT_TRUE(with_servers(limits::kNameServers).errors.empty());
  EXPECT_EQ(with_servers(limits::kNameServers + 1).errors.size(), 1U);
}

TEST(Bounds, BytesThatYamlDoesNotAllow) {
  EXPECT_EQ(lines_of(tree_errors("a: 1\nb: \x04\nc: 2\n")),
            "test.yaml:2:4: control character 0x04: write it as \"\\x04\"\n");
  EXPECT_EQ(lines_of(tree_errors(std::string_view("a: \0", 4))),
            "test.yaml:1:4: control character 0x00: write it as \"\\x00\"\n");
  for (const char* broken : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82",
                             "\x80", "\xe0\x80\xaf"}) {
    const std::vector<ConfigError> errors = tree_errors("a: " + std::string(broken));
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].column, 4);
    EXPECT_NE(errors[0].message.find("is not UTF-8"), std::string::npos);
  }
  EXPECT_EQ(
      lines_of(tree_errors("a: \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\t# \xf4\x8f\xbf\xbf\r\n")), "");
}

TEST(Bounds, ErrorsAreCountedWhenThereAreTooMany) {
  std::string text = with_listener("");
  for (std::size_t i = 0; i < limits::kConfigErrors + 5; ++i)
    text += "key" + std::to_string(i) + ": 1\n";
  const Loaded loaded = load(text);
  ASSERT_EQ(loaded.errors.size(), limits::kConfigErrors + 1);
  EXPECT_EQ(to_string(loaded.errors.back()), "test.yaml: and 5 more errors");
}

TEST(Bounds, WhatVariablesExpandTo) {
  const Variables variables = {{"BIG", std::string(1024 * 1024, 'x')}};
  std::string text = with_listener("log:\n  path: \"");
  const std::size_t fits = limits::kConfigBytes / (1024 * 1024);
  for (std::size_t i = 0; i < fits; ++i) text += "${BIG}";
  EXPECT_EQ(lines_of(load(text + "\"\n", variables).errors), "");
  EXPECT_EQ(lines_of(load(text + "${BIG}\"\n", variables).errors),
            "test.yaml:3:9: the values of variables exceed 67108864 bytes\n");
}

TEST(Bounds, HeaderEdits) {
  const auto removing = [](std::size_t count) {
    std::string text =
        "listeners: { web: { address: 127.0.0.1:8080 } }\n"
        "clusters: { c: { endpoints: [127.0.0.1:80] } }\n"
        "routes:\n  - { name: a, cluster: c, headers: { request: { remove: [";
    for (std::size_t i = 0; i < count; ++i) text += "X-" + std::to_string(i) + ", ";
    return text + "X-Last] } } }\n";
  };
  EXPECT_TRUE(load_text(removing(limits::kRouteEdits - 1), "test.yaml").errors.empty());
  const auto errors = load_text(removing(limits::kRouteEdits), "test.yaml").errors;
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors.front().line, 4);
  EXPECT_EQ(errors.front().message, "49 header edits are too many: at most 48 each way");
}

std::string repeated(std::size_t count, auto element) {
  std::string out = "[";
  for (std::size_t i = 0; i < count; ++i) out += element(std::to_string(i)) + ", ";
  return out + "]";
}

// A route with these keys, and clusters 0 to 16.
std::string with_clusters(const std::string& keys) {
  std::string clusters;
  for (int i = 0; i <= 16; ++i) clusters += "\"" + std::to_string(i) + "\": { endpoints: [a:1] }, ";
  return with_listener("routes: [{ name: r, " + keys + " }]\nclusters: { " + clusters + "}\n");
}

TEST(Bounds, VariantsOfASplit) {
  const auto file = [](std::size_t count) {
    const auto variant = [](const std::string& i) {
      return "{ name: v" + i + ", cluster: " + i + " }";
    };
    return with_clusters("split: { variants: " + repeated(count, variant) + " }");
  };
  EXPECT_EQ(lines_of(load(file(limits::kVariants - 1)).errors), "");
  EXPECT_EQ(lines_of(load(file(limits::kVariants)).errors), "");
  EXPECT_EQ(lines_of(load(file(limits::kVariants + 1)).errors),
            "test.yaml:2:40: 17 variants are too many: at most 16\n");
}

TEST(Bounds, WeightOfAVariant) {
  const auto file = [](std::uint32_t weight) {
    return with_clusters(
        "split: { variants: [{ name: a, cluster: 0, weight: " + std::to_string(weight) + " }] }");
  };
  EXPECT_EQ(lines_of(load(file(limits::kVariantWeight - 1)).errors), "");
  EXPECT_EQ(lines_of(load(file(limits::kVariantWeight)).errors), "");
  EXPECT_EQ(load(file(limits::kVariantWeight + 1)).errors.size(), 1U);
}

TEST(Bounds, KeysOfASplit) {
  const auto file = [](std::size_t count) {
    const auto key = [](const std::string& i) { return "{ query: q" + i + " }"; };
    return with_clusters(
        "split: { variants: [{ name: a, cluster: 0 }], key: " + repeated(count, key) + " }");
  };
  EXPECT_EQ(lines_of(load(file(limits::kSplitKeys - 1)).errors), "");
  EXPECT_EQ(lines_of(load(file(limits::kSplitKeys)).errors), "");
  EXPECT_EQ(load(file(limits::kSplitKeys + 1)).errors.size(), 1U);
}

TEST(Bounds, MirrorsOfARoute) {
  const auto file = [](std::size_t count) {
    const auto mirror = [](const std::string& i) { return "{ percent: 1, cluster: " + i + " }"; };
    return with_clusters("cluster: 16, mirror: " + repeated(count, mirror));
  };
  EXPECT_EQ(lines_of(load(file(limits::kMirrors - 1)).errors), "");
  EXPECT_EQ(lines_of(load(file(limits::kMirrors)).errors), "");
  EXPECT_EQ(load(file(limits::kMirrors + 1)).errors.size(), 1U);
}

TEST(Bounds, BodyAndHeadersOfACopy) {
  const auto body = [](std::uint64_t bytes) {
    return with_clusters("cluster: 0, mirror: [{ percent: 1, cluster: 1, max_body: " +
                         std::to_string(bytes) + " }]");
  };
  EXPECT_EQ(lines_of(load(body(limits::kMirrorBodyMost - 1)).errors), "");
  EXPECT_EQ(lines_of(load(body(limits::kMirrorBodyMost)).errors), "");
  EXPECT_EQ(load(body(limits::kMirrorBodyMost + 1)).errors.size(), 1U);

  const auto headers = [](std::size_t count) {
    const auto name = [](const std::string& i) { return "x-" + i; };
    return with_clusters(
        "cluster: 0, mirror: [{ percent: 1, cluster: 1, set_headers: { a: b }, remove_headers: " +
        repeated(count, name) + " }]");
  };
  EXPECT_EQ(lines_of(load(headers(limits::kRouteEdits - 2)).errors), "");
  EXPECT_EQ(lines_of(load(headers(limits::kRouteEdits - 1)).errors), "");
  EXPECT_EQ(load(headers(limits::kRouteEdits)).errors.size(), 1U);
}

TEST(Bounds, ConnectionsOfAnAddress) {
  const auto errors = [](std::uint32_t count) {
    return load("listeners: { web: { address: 127.0.0.1:80, limits: { connections_per_address: " +
                std::to_string(count) + " } } }\n")
        .errors.size();
  };
  EXPECT_EQ(errors(limits::kConnectionsPerAddressMost - 1), 0U);
  EXPECT_EQ(errors(limits::kConnectionsPerAddressMost), 0U);
  EXPECT_EQ(errors(limits::kConnectionsPerAddressMost + 1), 1U);
}

TEST(Bounds, BytesOfBuffers) {
  const auto errors = [](std::uint64_t bytes) {
    return load(with_listener("buffer_bytes: " + std::to_string(bytes) + "\n")).errors.size();
  };
  EXPECT_EQ(errors(limits::kBufferBytesLeast - 1), 1U);
  EXPECT_EQ(errors(limits::kBufferBytesLeast), 0U);
  EXPECT_EQ(errors(limits::kBufferBytesLeast + 1), 0U);
  EXPECT_EQ(errors(0), 0U);
}

TEST(Bounds, RateLimits) {
  const auto errors = [](const std::string& keys) {
    return load(with_clusters("cluster: 0, rate_limit: { " + keys + " }")).errors.size();
  };
  const auto counts = [&errors](const std::string& before, std::uint64_t most) {
    EXPECT_EQ(errors(before + std::to_string(most - 1)), 0U) << before;
    EXPECT_EQ(errors(before + std::to_string(most)), 0U) << before;
    EXPECT_EQ(errors(before + std::to_string(most + 1)), 1U) << before;
    EXPECT_EQ(errors(before + "1"), 0U) << before;
    EXPECT_EQ(errors(before + "0"), 1U) << before;
  };
  counts("requests: ", limits::kRateRequests);
  counts("requests: 10, burst: ", limits::kRateRequests);
  counts("requests: 1, key: client_ip, max_keys: ", limits::kRateKeysMost);
  for (const auto& [per, wrong] :
       {std::pair{"86399s", 0U}, std::pair{"24h", 0U}, std::pair{"86401s", 1U}, std::pair{"1s", 0U},
        std::pair{"999ms", 1U}, std::pair{"0", 1U}}) {
    EXPECT_EQ(errors(std::string("requests: 1, per: ") + per), wrong) << per;
  }
  for (const auto& [burst, wrong] :
       {std::pair{"719", 0U}, std::pair{"720", 0U}, std::pair{"721", 1U}}) {  // 30 days of hours
    EXPECT_EQ(errors(std::string("requests: 1, per: 1h, burst: ") + burst), wrong) << burst;
  }
}

TEST(Bounds, RespondBody) {
  const auto file = [](std::size_t bytes) {
    return with_listener("routes: [{ name: r, respond: { body: " + std::string(bytes, 'x') +
                         " } }]\n");
  };
  EXPECT_EQ(lines_of(load(file(limits::kRespondBodyBytes)).errors), "");
  EXPECT_EQ(load(file(limits::kRespondBodyBytes + 1)).errors.size(), 1U);
}

TEST(Bounds, DuplicateKeysAreFoundInLargeMapsToo) {
  std::string text = "m:\n";
  for (int i = 0; i < 40; ++i) text += "  k" + std::to_string(i) + ": 1\n";
  ErrorList errors("test.yaml");
  parse_tree(text + "  k7: 2\n", errors);
  EXPECT_EQ(lines_of(errors.take()),
            "test.yaml:42:3: duplicate key 'k7', first at line 9: remove one of them\n");
}

}  // namespace
}  // namespace weir::config::testing
