// Who may choose a variant, and with which words. What does not count is as if it were not there:
// a stranger learns nothing and gets what everybody gets.
#include "traffic/override.h"

#include <gtest/gtest.h>

#include "unit/traffic/fake_request.h"
#include "unit/traffic/fake_split.h"

namespace weir::traffic {
namespace {

constexpr const char* kInside = "10.1.2.3";
constexpr const char* kOutside = "203.0.113.7";

config::Override settings_with(std::string secret, bool range) {
  config::Override settings;
  settings.header = "X-Weir-Variant";
  settings.cookie = "weir-variant";
  settings.secret = std::move(secret);
  if (range) settings.from.push_back({parse_ip("10.0.0.0")->bytes, 104});
  return settings;
}

std::string text_of(const OverrideWish& wish) {
  switch (wish.verdict) {
    case OverrideVerdict::absent:
      return "absent";
    case OverrideVerdict::granted:
      return variant_name(wish.variant);
    case OverrideVerdict::not_permitted:
      return "not permitted";
    case OverrideVerdict::unknown_value:
      return "unknown";
  }
  return "?";
}

std::string asked(const config::Override& settings, const FakeFields& fields,
                  const char* client = kOutside) {
  static const std::vector<config::Variant> variants = variants_of({90, 5, 5});
  RequestView request = get("a.test", "/");
  request.fields = &fields;
  return text_of(read_override(settings, variants, request, *parse_ip(client)));
}

FakeFields header(std::string value) {
  return {{"x-weir-variant", std::move(value)}};
}
FakeFields cookie(const std::string& value) {
  return {{"Cookie", "a=b; weir-variant=" + value + "; c=d"}};
}

TEST(Override, WithASecretItMustBeThere) {
  const config::Override settings = settings_with("s3cret", false);
  struct Row {
    const char* value;
    const char* answer;
  };
  constexpr Row kRows[] = {
      {"canary:s3cret", "canary"},
      {"v3:s3cret", "v3"},
      {"stable:s3cret", "stable"},
      {"always:s3cret", "canary"},
      {"never:s3cret", "stable"},
      {"canary", "not permitted"},
      {"canary:", "not permitted"},
      {"canary:s3cre", "not permitted"},
      {"canary:s3cret2", "not permitted"},
      {"canary:S3CRET", "not permitted"},
      {"canary: s3cret", "not permitted"},
      {":s3cret", "unknown"},
      {"Canary:s3cret", "unknown"},
      {"v4:s3cret", "unknown"},
      {"ALWAYS:s3cret", "unknown"},
      {"nobody:wrong", "not permitted"},
      {"s3cret", "not permitted"},
      {":", "not permitted"},
      {"", "absent"},
      {"canary:s3cret:x", "not permitted"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(asked(settings, header(row.value)), row.answer) << row.value;
    EXPECT_EQ(asked(settings, cookie(row.value)), row.answer) << row.value;
    EXPECT_EQ(asked(settings, header(row.value), kInside), row.answer) << row.value;
  }
}

TEST(Override, ASecretMayHoldAColon) {
  const config::Override settings = settings_with("a:b", false);
  EXPECT_EQ(asked(settings, header("canary:a:b")), "canary");
  EXPECT_EQ(asked(settings, header("canary:a")), "not permitted");
}

TEST(Override, WithARangeThePlaceDecides) {
  const config::Override settings = settings_with("", true);
  EXPECT_EQ(asked(settings, header("canary"), kInside), "canary");
  EXPECT_EQ(asked(settings, header("canary:anything"), kInside), "canary");
  EXPECT_EQ(asked(settings, header("nobody"), kInside), "unknown");
  EXPECT_EQ(asked(settings, header("canary"), "11.0.0.1"), "not permitted");
  EXPECT_EQ(asked(settings, header("canary"), "::1"), "not permitted");
  EXPECT_EQ(asked(settings, header("canary:"), kOutside), "not permitted");
}

TEST(Override, WithBothEitherIsEnough) {
  const config::Override settings = settings_with("s3cret", true);
  EXPECT_EQ(asked(settings, header("canary:s3cret"), kOutside), "canary");
  EXPECT_EQ(asked(settings, header("canary"), kInside), "canary");
  EXPECT_EQ(asked(settings, header("canary:wrong"), kInside), "canary");
  EXPECT_EQ(asked(settings, header("canary:wrong"), kOutside), "not permitted");
}

TEST(Override, AnEmptySecretPermitsNobody) {
  const config::Override settings = settings_with("", false);
  EXPECT_EQ(asked(settings, header("canary")), "not permitted");
  EXPECT_EQ(asked(settings, header("canary:")), "not permitted");
}

TEST(Override, AHeaderThatDoesNotCountLeavesTheCookieItsChance) {
  const config::Override settings = settings_with("s3cret", false);
  const auto both = [&](std::string in_header, const std::string& in_cookie) {
    FakeFields fields = cookie(in_cookie);
    fields.add("X-Weir-Variant", std::move(in_header));
    return asked(settings, fields);
  };
  EXPECT_EQ(both("canary:s3cret", "v3:s3cret"), "canary");
  EXPECT_EQ(both("canary:wrong", "v3:s3cret"), "v3");
  EXPECT_EQ(both("nobody:s3cret", "v3:s3cret"), "v3");
  EXPECT_EQ(both("", "v3:s3cret"), "v3");
  EXPECT_EQ(both("canary:wrong", ""), "not permitted");
  EXPECT_EQ(both("nobody:s3cret", ""), "unknown");
}

TEST(Override, OfSeveralHeadersTheFirstThatCountsIsTaken) {
  const config::Override settings = settings_with("s3cret", false);
  EXPECT_EQ(asked(settings, {{"X-Weir-Variant", "stable:wrong"},
                             {"X-Weir-Variant", "v3:s3cret"},
                             {"X-Weir-Variant", "canary:s3cret"}}),
            "v3");
}

TEST(Override, OnlyTheNamedPlacesAreRead) {
  config::Override settings = settings_with("s3cret", false);
  settings.cookie.clear();
  EXPECT_EQ(asked(settings, cookie("canary:s3cret")), "absent");
  settings = settings_with("s3cret", false);
  settings.header.clear();
  EXPECT_EQ(asked(settings, header("canary:s3cret")), "absent");
  EXPECT_EQ(asked(settings, cookie("canary:s3cret")), "canary");
  settings.cookie.clear();
  EXPECT_EQ(asked(settings, cookie("canary:s3cret"), kInside), "absent");
  EXPECT_EQ(asked(settings_with("s3cret", true), {}, kInside), "absent");
}

TEST(Override, VariantsCalledAlwaysOrNeverAreMeantByTheirNames) {
  const config::Override settings = settings_with("", true);
  std::vector<config::Variant> variants = variants_of({1, 1, 1});
  variants[2].name = "always";
  variants[1].name = "never";
  const auto wish = [&](std::string word) {
    const FakeFields fields = header(std::move(word));
    RequestView request = get("a.test", "/");
    request.fields = &fields;
    return read_override(settings, variants, request, *parse_ip(kInside));
  };
  EXPECT_EQ(wish("always").variant, 2U);
  EXPECT_EQ(wish("never").variant, 1U);
  variants.resize(1);
  EXPECT_EQ(wish("always").verdict, OverrideVerdict::unknown_value);  // there is no second one
  EXPECT_EQ(wish("never").variant, 0U);
}

}  // namespace
}  // namespace weir::traffic
