// Path normalisation by table and by property: idempotent, never longer, and free of what it is
// there to remove.
#include "traffic/path.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace weir::traffic {
namespace {

std::string normal(std::string_view path) {
  Buffer out;
  const auto result = normalize_path(path, out);
  return result ? std::string(*result) : "refused";
}

TEST(NormalizePath, Table) {
  struct Row {
    const char* path;
    const char* normal;
  };
  const Row rows[] = {
      {"/", "/"},
      {"*", "*"},
      {"/a/b", "/a/b"},
      {"/a/", "/a/"},
      {"//", "/"},
      {"//a///b//", "/a/b/"},
      {"/.", "/"},
      {"/..", "/"},
      {"/../..", "/"},
      {"/./a/./b/.", "/a/b/"},
      {"/a/../b", "/b"},
      {"/a/b/..", "/a/"},
      {"/a/b/../", "/a/"},
      {"/a/b/../../..", "/"},
      {"/a//../b", "/b"},
      {"/a/..//../b", "/b"},
      {"/...", "/..."},
      {"/.a/..b/c..", "/.a/..b/c.."},
      {"/..;/a", "/..;/a"},
      {"/%2e%2E/a", "/a"},
      {"/a/%2e./b", "/b"},
      {"/%41%7a%30%2D%2e%5F%7E", "/Az0-._~"},
      {"/a%2fb", "/a%2Fb"},
      {"/a%2Fb", "/a%2Fb"},
      {"/a%5cb", "/a%5Cb"},
      {"/%252e%252e/a", "/%252e%252e/a"},
      {"/%0d%0a", "/%0D%0A"},
      {"/%c3%a9", "/%C3%A9"},
      {"/a;b=1,2/@:!$&'()*+=", "/a;b=1,2/@:!$&'()*+="},
      {"/%00", "refused"},
      {"/%", "refused"},
      {"/%2", "refused"},
      {"/%zz", "refused"},
      {"/%%41", "refused"},
      {"/%%32e", "refused"},
      {"/%2%35", "refused"},
      {"", "refused"},
      {"a", "refused"},
      {"../a", "refused"},
      {"**", "refused"},
  };
  for (const Row& row : rows) EXPECT_EQ(normal(row.path), row.normal) << row.path;
}

TEST(NormalizePath, NormalPathIsNotCopied) {
  Buffer out;
  const std::string_view path = "/a/b-c/~d";
  const auto result = normalize_path(path, out);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->data(), path.data());
  EXPECT_EQ(out.capacity(), 0U);
}

TEST(NormalizePath, OfRandomPaths) {
  const char* const pieces[] = {"/",  ".",   "..", "a",   "%2e", "%2F", "%41", "%25", "%2", "%",
                                "2e", "b;c", "//", "/./", "/..", "%5c", "~",   "\\",  "%7E"};
  Random random(7);
  Buffer once_room;
  Buffer twice_room;
  int kept = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string path = "/";
    const std::uint32_t count = random.below(12);
    for (std::uint32_t i = 0; i < count; ++i) path += pieces[random.below(std::size(pieces))];
    const auto once = normalize_path(path, once_room);
    if (!once) continue;
    ++kept;
    const auto twice = normalize_path(*once, twice_room);
    ASSERT_TRUE(twice) << path;
    ASSERT_EQ(*once, *twice) << path;
    ASSERT_LE(once->size(), path.size());
    ASSERT_TRUE(once->starts_with('/')) << path;
    ASSERT_EQ(once->find("//"), std::string_view::npos) << path;
    const std::string closed = std::string(*once) + "/";
    ASSERT_EQ(closed.find("/./"), std::string::npos) << path;
    ASSERT_EQ(closed.find("/../"), std::string::npos) << path;
  }
  EXPECT_GT(kept, 10'000);
}

}  // namespace
}  // namespace weir::traffic
