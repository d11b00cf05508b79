// Several files read as one: whose routes come first, what each may hold, and that a mistake is
// told with the file it is in.
#include "config/include.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support.h"

namespace weir::config::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

constexpr std::string_view kListener = "listeners: { web: { address: 127.0.0.1:8080 } }\n";

class Include : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "weir-include-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, std::string_view text) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    std::ofstream(path(name)) << text;
  }
  Loaded load_main(std::string_view text) const {
    write("weir.yaml", text);
    return load_file(path("weir.yaml"), environment_of(kNoVariables));
  }
  // As lines, with paths as the test writes them.
  std::string errors_of(const Loaded& loaded) const {
    std::string lines = lines_of(loaded.errors);
    const std::string prefix = folder_.string() + "/";
    for (std::size_t at = 0; (at = lines.find(prefix)) != std::string::npos;) {
      lines.erase(at, prefix.size());
    }
    return lines;
  }
  static std::vector<std::string> route_names(const Loaded& loaded) {
    std::vector<std::string> names;
    for (const Route& route : loaded.config.routes) names.push_back(route.name);
    return names;
  }

  fs::path folder_;
};

TEST_F(Include, RoutesOfIncludedFilesComeFirstInTheOrderOfTheirNames) {
  write("sites/b.yaml",
        "routes: [{ name: b, match: { path: /b }, cluster: b }]\n"
        "clusters: { b: { endpoints: [10.0.0.2:80] } }\n");
  write("sites/a.yaml", "routes: [{ name: a, match: { path: /a }, cluster: b }]\n");
  write("first.yaml", "routes: [{ name: first, match: { path: /f }, respond: {} }]\n");
  const Loaded loaded = load_main(std::string(kListener) +
                                  "include: [first.yaml, 'sites/*.yaml']\n"
                                  "routes: [{ name: rest, respond: { status: 404 } }]\n");
  EXPECT_EQ(errors_of(loaded), "");
  EXPECT_EQ(lines_of(loaded.warnings), "");
  EXPECT_THAT(route_names(loaded), ElementsAre("first", "a", "b", "rest"));
  EXPECT_THAT(loaded.included,
              ElementsAre(path("first.yaml"), path("sites/a.yaml"), path("sites/b.yaml")));
  EXPECT_EQ(loaded.config.routes[1].place.file, path("sites/a.yaml"));
}

TEST_F(Include, ReadsAllOfAFileWhoseSectionsTheMainOneLacks) {
  write("all.yaml", std::string(kListener) +
                        "routes: [{ name: a, cluster: c }]\n"
                        "clusters: { c: { endpoints: [10.0.0.2:80] } }\n");
  const Loaded loaded = load_main("include: [all.yaml]\n");
  EXPECT_EQ(errors_of(loaded), "");
  EXPECT_EQ(loaded.config.listeners.size(), 1U);
  EXPECT_EQ(loaded.config.clusters.size(), 1U);
}

TEST_F(Include, TellsAMistakeWithItsOwnFile) {
  write("a.yaml", "routes:\n  - { name: a, cluser: x }\n");
  write("b.yaml", "routes:\n  - { name: b, cluster: nowhere }\n");
  write("c.yaml", "clusters: [\n");
  const Loaded loaded = load_main(std::string(kListener) +
                                  "include: [a.yaml, b.yaml, c.yaml]\n"
                                  "workers: many\n");
  EXPECT_EQ(errors_of(loaded),
            "weir.yaml:3:10: 'many' is not a whole number (1 to 1024), or auto\n"
            "a.yaml:2:5: the route does nothing: give it one of cluster, split, redirect, "
            "respond\n"
            "a.yaml:2:16: unknown key 'cluser', did you mean 'cluster'?\n"
            "b.yaml:2:25: unknown cluster 'nowhere'\n"
            "c.yaml:2:1: not valid YAML: end of sequence flow not found (a '{' or '[' before this "
            "place is not closed)\n");
}

TEST_F(Include, RefusesANameThatAnotherFileHas) {
  write("a.yaml",
        "clusters: { c: { endpoints: [10.0.0.2:80] } }\nroutes: [{ name: r, cluster: c }]\n");
  const Loaded loaded = load_main(std::string(kListener) +
                                  "include: [a.yaml]\nroutes: [{ name: r, cluster: c }]\n"
                                  "clusters: { c: { endpoints: [10.0.0.1:80] } }\n");
  EXPECT_EQ(errors_of(loaded),
            "weir.yaml:3:18: another route is named 'r', at a.yaml:2\n"
            "a.yaml:1:13: duplicate key 'c', first at weir.yaml:4: remove one of them\n");
}

TEST_F(Include, RefusesWhatBelongsIntoTheMainFile) {
  write("a.yaml", "workers: 2\ninclude: [b.yaml]\nroute: []\n");
  const Loaded loaded = load_main(std::string(kListener) + "include: [a.yaml]\n");
  EXPECT_EQ(
      errors_of(loaded),
      "a.yaml:1:1: 'workers' belongs into weir.yaml: an included file has listeners, routes and "
      "clusters\n"
      "a.yaml:2:1: an included file includes no others: name them in weir.yaml\n"
      "a.yaml:3:1: unknown key 'route', did you mean 'routes'?\n");
}

TEST_F(Include, APathHasToExistAndAPatternNeedNotMatch) {
  EXPECT_EQ(errors_of(load_main(std::string(kListener) + "include: ['sites/*.yaml']\n")), "");
  EXPECT_EQ(errors_of(load_main(std::string(kListener) + "include: [gone.yaml]\n")),
            "weir.yaml:2:11: gone.yaml: cannot be opened: No such file or directory\n");
  fs::create_directory(path("sites"));
  EXPECT_EQ(errors_of(load_main(std::string(kListener) + "include: [sites]\n")),
            "weir.yaml:2:11: sites: is a directory: name the file\n");
}

TEST_F(Include, ReadsAFileOnceAndTheMainOneNotAgain) {
  write("a.yaml", "routes: [{ name: a, respond: {} }]\n");
  fs::create_symlink("a.yaml", path("z.yaml"));
  const Loaded loaded =
      load_main(std::string(kListener) + "include: ['*.yaml', a.yaml, ./a.yaml]\n");
  EXPECT_EQ(errors_of(loaded), "");
  EXPECT_THAT(loaded.included, ElementsAre(path("a.yaml")));
}

TEST_F(Include, EmptyFilesAreNoMistake) {
  write("a.yaml", "");
  write("b.yaml", "# nothing yet\n");
  EXPECT_EQ(errors_of(load_main(std::string(kListener) + "include: [a.yaml, b.yaml]\n")), "");
}

TEST_F(Include, PatternsAreKnownEvenOfARefusedFile) {
  const Loaded loaded = load_main("include: ['sites/*.yaml', ../other.yaml]\nnonsense: 1\n");
  EXPECT_FALSE(loaded.errors.empty());
  EXPECT_THAT(loaded.includes,
              ElementsAre(path("sites/*.yaml"), (folder_.parent_path() / "other.yaml").string()));
}

TEST_F(Include, TakesAtMostAThousandFiles) {
  fs::create_directory(path("sites"));
  for (int i = 0; i < 1000; ++i) write("sites/" + std::to_string(i) + ".yaml", "");
  const std::string text = std::string(kListener) + "include: ['sites/*.yaml']\n";
  EXPECT_EQ(errors_of(load_main(text)), "");
  write("sites/x.yaml", "");
  EXPECT_EQ(errors_of(load_main(text)),
            "weir.yaml:1:1: includes more than 1000 files: leave out "
            "sites/x.yaml and what follows, or join some\n");
}

TEST(IncludeInAText, IsRefusedForWantOfAFolder) {
  EXPECT_EQ(lines_of(load(with_listener("include: [a.yaml]\n")).errors),
            "test.yaml:2:10: files can be included by a file alone\n");
}

}  // namespace
}  // namespace weir::config::testing
