// One set of keys in four places: the parser's tables, conf/reference.yaml, conf/weir.schema.json
// and docs/configuration.md. Compared in both directions; the tables are the truth. A key that the
// parser learns and the others do not know fails here, as does one that it has forgotten.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>

#include "config/known_keys.h"
#include "config/tree.h"
#include "support.h"

namespace weir::config::testing {
namespace {

using Paths = std::set<std::string>;

enum class Which { all, supported };

Paths known(Which which) {
  Paths out;
  for (const KnownKey& key : known_keys()) {
    if (key.supported || which == Which::all) out.insert(key.path);
  }
  return out;
}

// Does the parser know keys below this path?
bool has_keys_below(const Paths& paths, const std::string& path) {
  const auto next = paths.lower_bound(path + ".");
  return next != paths.end() && next->starts_with(path + ".");
}

// The keys that a file uses, written as the parser's tables write them.
void collect(const Node& node, const std::string& path, const Paths& tables, Paths& out) {
  for (const Entry& entry : node.entries) {
    if (node.is_sequence()) {
      collect(*entry.value, path + "[]", tables, out);
      continue;
    }
    const bool named = has_keys_below(tables, path + ".NAME");
    const std::string below =
        path.empty() ? entry.key->text : path + "." + (named ? "NAME" : entry.key->text);
    if (!path.empty() && !named && !has_keys_below(tables, path))
      return;  // the names are the user's
    if (!named) out.insert(below);
    collect(*entry.value, below, tables, out);
  }
}

TEST(Keys, TablesListEachKeyOnce) {
  const KeyList keys = known_keys();
  EXPECT_EQ(known(Which::all).size(), keys.size());
  EXPECT_GT(keys.size(), 80U);
}

TEST(Keys, ReferenceFileUsesEverySupportedKey) {
  ErrorList errors("reference.yaml");
  const std::string text = text_of(source_file("conf/reference.yaml"));
  const Tree tree = parse_tree(text, errors);
  ASSERT_NE(tree.root, nullptr);
  Paths used;
  collect(*tree.root, "", known(Which::all), used);
  EXPECT_THAT(used, ::testing::ContainerEq(known(Which::supported)));
}

TEST(Keys, ReferenceFileNamesEveryKeyOfLaterVersionsInAComment) {
  Paths commented;
  std::istringstream lines(text_of(source_file("conf/reference.yaml")));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t start = line.find_first_not_of(' ');
    const std::size_t end = line.find(':');
    const bool marked = line.find("# not yet") != std::string::npos;
    if (start == std::string::npos || !line.substr(start).starts_with("# ") || !marked) continue;
    commented.insert(line.substr(start + 2, end - start - 2));
  }
  Paths expected;
  for (const KnownKey& key : known_keys()) {
    if (!key.supported) expected.insert(key.path.substr(key.path.rfind('.') + 1));
  }
  EXPECT_THAT(commented, ::testing::ContainerEq(expected));
}

class SchemaWalk {
 public:
  explicit SchemaWalk(const nlohmann::json& schema) : schema_(schema) {}

  Paths paths() {
    walk(schema_, "");
    return paths_;
  }

 private:
  void walk(const nlohmann::json& node, const std::string& path) {
    if (!node.is_object()) return;
    if (node.contains("$ref")) walk(target(node["$ref"].get<std::string>()), path);
    for (const char* choice : {"anyOf", "allOf"}) {
      if (!node.contains(choice)) continue;
      for (const auto& part : node[choice]) walk(part, path);
    }
    if (node.contains("items")) walk(node["items"], path + "[]");
    if (node.contains("additionalProperties")) walk(node["additionalProperties"], path + ".NAME");
    if (!node.contains("properties")) return;
    for (const auto& [name, value] : node["properties"].items()) {
      const std::string below = path.empty() ? name : path + "." + name;
      paths_.insert(below);
      walk(value, below);
    }
  }

  const nlohmann::json& target(const std::string& reference) const {
    return schema_.at(nlohmann::json::json_pointer(reference.substr(1)));
  }

  const nlohmann::json& schema_;
  Paths paths_;
};

TEST(Keys, SchemaHasEveryKey) {
  const auto schema = nlohmann::json::parse(text_of(source_file("conf/weir.schema.json")));
  EXPECT_THAT(SchemaWalk(schema).paths(), ::testing::ContainerEq(known(Which::all)));
}

TEST(Keys, SchemaHasEveryAlgorithm) {
  const auto schema = nlohmann::json::parse(text_of(source_file("conf/weir.schema.json")));
  const auto& forms = schema.at("$defs").at("cluster").at("properties").at("balance").at("anyOf");
  const auto found = forms.at(0).at("enum").get<std::set<std::string>>();
  const std::set<std::string> expected = {
#define ALGORITHM(name, Type) #name,
#include <weir/algorithms.def>
#undef ALGORITHM
  };
  EXPECT_THAT(found, ::testing::ContainerEq(expected));
}

// Rows of the documentation's tables begin with "| `path` |".
TEST(Keys, DocumentationDescribesEveryKey) {
  Paths described;
  std::istringstream lines(text_of(source_file("docs/configuration.md")));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    const std::string path = line.substr(3, line.find('`', 3) - 3);
    EXPECT_TRUE(described.insert(path).second) << path << " is described twice";
  }
  EXPECT_THAT(described, ::testing::ContainerEq(known(Which::all)));
}

}  // namespace
}  // namespace weir::config::testing
