// Path rewriting by table, with the slash at the seam in every position, and what is refused when
// it is compiled.
#include "traffic/rewrite.h"

#include <gtest/gtest.h>

#include <weir/limits.h>

#include "unit/traffic/fake_request.h"

namespace weir::traffic {
namespace {

using config::PathMatch;

config::Route with_prefix(PathMatch kind, std::string wanted, std::string replacement) {
  config::Route route = route_on("r", path(kind, std::move(wanted)));
  route.rewrite.prefix = std::move(replacement);
  return route;
}

config::Route with_regex(std::string regex, std::string replacement) {
  config::Route route = route_on("r", {});
  route.rewrite.regex = std::move(regex);
  route.rewrite.replace = std::move(replacement);
  return route;
}

std::string rewritten(const config::Route& route, std::string_view request_path) {
  const auto rewrite = PathRewrite::make(route);
  if (!rewrite) return rewrite.error();
  Buffer out;
  out.append("GET ");
  if (const Error error = rewrite->apply(request_path, out)) {
    EXPECT_EQ(out.view(), "GET ");
    return std::string(name_of(error.code));
  }
  EXPECT_TRUE(out.view().starts_with("GET "));
  return std::string(out.view().substr(4));
}

TEST(Rewrite, PrefixTable) {
  struct Row {
    const char* wanted;
    const char* replacement;
    const char* path;
    const char* result;
  };
  const Row rows[] = {
      {"/api", "/v1", "/api", "/v1"},
      {"/api", "/v1", "/api/", "/v1/"},
      {"/api", "/v1", "/api/x", "/v1/x"},
      {"/api", "/v1/", "/api/x", "/v1/x"},
      {"/api", "/v1/", "/api", "/v1/"},
      {"/api/", "/v1", "/api/x", "/v1/x"},
      {"/api/", "/v1/", "/api/x", "/v1/x"},
      {"/api/", "/v1", "/api/", "/v1/"},
      {"/api", "/", "/api", "/"},
      {"/api", "/", "/api/x", "/x"},
      {"/api/", "/", "/api/x", "/x"},
      {"/", "/v1", "/", "/v1/"},
      {"/", "/v1", "/x", "/v1/x"},
      {"/", "/", "/x/", "/x/"},
      {"/api", "/v1", "*", "*"},
      {"/api", "/v1", "/api//x", "/v1//x"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(rewritten(with_prefix(PathMatch::prefix, row.wanted, row.replacement), row.path),
              row.result)
        << row.wanted << " " << row.replacement << " " << row.path;
  }
}

TEST(Rewrite, ExactPathIsReplacedWhole) {
  EXPECT_EQ(rewritten(with_prefix(PathMatch::exact, "/a/", "/b"), "/a/"), "/b");
}

TEST(Rewrite, PrefixOfNormalizedPaths) {
  config::Route route = with_prefix(PathMatch::prefix, "/caf%c3%a9//x", "/v");
  route.normalize_path = true;
  EXPECT_EQ(rewritten(route, "/caf%C3%A9/x/y"), "/v/y");
}

TEST(Rewrite, RegexTable) {
  struct Row {
    const char* regex;
    const char* replacement;
    const char* path;
    const char* result;
  };
  const Row rows[] = {
      {"^/old/(.*)$", "/new/\\1", "/old/x/y", "/new/x/y"},
      {"^/old/(.*)$", "/new/\\1", "/other", "/other"},
      {"/v[0-9]+", "/v9", "/v1/v2", "/v9/v2"},
      {"(a)(b)?", "[\\2\\1]", "/xay", "/x[a]y"},
      {"x", "\\0\\0", "/axb", "/axxb"},
      {"x", "\\\\", "/x", "/\\"},
      {"^/", "", "/a", "/a"},
      {"^/.*$", "", "/a", "/"},
      {"^/([a-z]+)", "\\1", "/abc/d", "/abc/d"},
      {".*", "/x", "*", "*"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(rewritten(with_regex(row.regex, row.replacement), row.path), row.result)
        << row.regex << " " << row.path;
  }
}

TEST(Rewrite, ResultIsBoundedByTheTargetLimit) {
  const config::Route route = with_prefix(PathMatch::prefix, "/a", "/bc");
  const std::string fits = "/a/" + std::string(limits::kTargetBytes - 4, 'x');
  EXPECT_EQ(rewritten(route, fits).size(), limits::kTargetBytes);
  EXPECT_EQ(rewritten(route, fits + "x"), "target_too_long");
  EXPECT_EQ(rewritten(with_regex("^(.*)$", "\\1\\1\\1\\1\\1\\1\\1\\1\\1"), fits),
            "target_too_long");
}

TEST(Rewrite, NothingConfigured) {
  const auto rewrite = PathRewrite::make(route_on("r", {}));
  ASSERT_TRUE(rewrite);
  EXPECT_TRUE(rewrite->empty());
}

TEST(Rewrite, WrongOnesAreRefused) {
  EXPECT_EQ(rewritten(with_prefix(PathMatch::regex, "/a.*", "/b"), "/a"),
            "rewrite: a prefix can be replaced only where path_prefix or path is matched");
  EXPECT_EQ(rewritten(with_prefix(PathMatch::prefix, "/a", "b"), "/a"),
            "rewrite: 'b' is not a path");
  for (const char* bad : {"/b?c", "/b#c", "/b c", "/b\r\nX: y", "/\x7f", "/\xc3"}) {
    EXPECT_FALSE(PathRewrite::make(with_prefix(PathMatch::prefix, "/a", bad))) << bad;
    EXPECT_FALSE(PathRewrite::make(with_regex("a", bad))) << bad;
  }
  EXPECT_FALSE(PathRewrite::make(with_regex("(", "/a")));
  EXPECT_FALSE(PathRewrite::make(with_regex("a", "\\1")));
  EXPECT_FALSE(PathRewrite::make(with_regex("a", "\\")));
}

}  // namespace
}  // namespace weir::traffic
