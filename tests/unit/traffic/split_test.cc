// The order of a split's decision: a tester's wish, then the first key of the list against the
// weights, and without a key chance. With it, what a choice tells: its reason, its key, its point,
// and the id that a new user is given.
#include "traffic/split.h"

#include <gtest/gtest.h>

#include "unit/traffic/fake_request.h"
#include "unit/traffic/fake_split.h"

namespace weir::traffic {
namespace {

using config::KeySource;

constexpr const char* kId = "0123456789abcdef0123456789abcdef";

// One split and its requests.
struct Scene {
  explicit Scene(config::Split made) : settings(std::move(made)), split(settings, "shop") {}

  SplitChoice choose(const FakeFields& fields, std::string_view query = {}) {
    return choose_from("192.0.2.1", fields, query);
  }
  SplitChoice choose_from(const char* client, const FakeFields& fields,
                          std::string_view query = {}) {
    RequestView request = get("a.test", "/", query);
    request.fields = &fields;
    return split.choose(request, *parse_ip(client), weights ? *weights : split.file_weights(),
                        random);
  }

  config::Split settings;
  Split split;
  std::optional<Weights> weights;
  Random random{17};
};

std::vector<config::SplitKey> every_source() {
  return {key_of(KeySource::header, "X-User-Id"), key_of(KeySource::cookie, "sid"),
          key_of(KeySource::query, "u"), key_of(KeySource::issued_cookie, "weir-id"),
          key_of(KeySource::client_ip)};
}

TEST(Split, TheFirstKeyOfTheListThatIsThereCounts) {
  Scene scene(split_of({50, 50}, every_source()));
  const FakeFields all{{"Cookie", std::string("sid=c; weir-id=") + kId}, {"X-User-Id", "h"}};
  const FakeFields cookies{{"Cookie", std::string("weir-id=") + kId + "; sid=c"}};
  const FakeFields empty{{"X-User-Id", ""}, {"Cookie", std::string("sid=; weir-id=") + kId}};
  struct Row {
    const FakeFields& fields;
    const char* query;
    std::size_t place;
    const char* key;
  };
  const Row rows[] = {{all, "u=q", 0, "h"},
                      {cookies, "u=q", 1, "c"},
                      {empty, "u=q%20r", 2, "q r"},
                      {empty, "", 3, kId},
                      {empty, "u=", 3, kId}};
  for (const Row& row : rows) {
    const SplitChoice choice = scene.choose(row.fields, row.query);
    EXPECT_EQ(choice.key, row.place) << row.key;
    EXPECT_EQ(choice.point, scene.split.point_of(row.key)) << row.key;
    EXPECT_EQ(choice.reason, VariantReason::weight);
    EXPECT_EQ(choice.override_verdict, OverrideVerdict::absent);
    EXPECT_FALSE(choice.issued);
  }
}

TEST(Split, TheOrderIsTheListsNotTheSources) {
  Scene scene(split_of({1, 1}, {key_of(KeySource::client_ip), key_of(KeySource::header, "X-U")}));
  const SplitChoice choice = scene.choose({{"X-U", "h"}});
  EXPECT_EQ(choice.key, 0U);
  EXPECT_EQ(scene.choose({{"X-U", "other"}}).point, choice.point);
  EXPECT_NE(scene.choose_from("192.0.2.2", {{"X-U", "h"}}).point, choice.point);
}

TEST(Split, OneAddressIsOneKeyInBothItsForms) {
  Scene scene(split_of({1, 1}, {key_of(KeySource::client_ip)}));
  EXPECT_EQ(scene.choose_from("192.0.2.1", {}).point,
            scene.choose_from("::ffff:192.0.2.1", {}).point);
}

TEST(Split, AKeyGoesByTheWeightsInForce) {
  Scene scene(split_of({100, 0}, {key_of(KeySource::header, "X-U")}));
  for (int i = 0; i < 200; ++i) {
    const FakeFields user{{"X-U", "user-" + std::to_string(i)}};
    scene.weights.reset();
    EXPECT_EQ(scene.choose(user).variant, 0U);
    scene.weights = weights_of({0, 100});
    EXPECT_EQ(scene.choose(user).variant, 1U);
    scene.weights = weights_of({70, 30});
    const SplitChoice choice = scene.choose(user);
    EXPECT_EQ(choice.variant, in_low_share(choice.point, 30, 100) ? 1U : 0U);
  }
}

TEST(Split, WithMoreVariantsAKeyGoesByTheSplitter) {
  Scene scene(split_of({4, 3, 2, 1}, {key_of(KeySource::header, "X-U")}));
  std::size_t seen[4] = {};
  for (int i = 0; i < 1'000; ++i) {
    const std::string key = "user-" + std::to_string(i);
    const SplitChoice choice = scene.choose({{"X-U", key}});
    ASSERT_EQ(choice.variant, scene.split.splitter().variant_of(scene.split.point_of(key),
                                                                scene.split.file_weights()));
    ++seen[choice.variant];
  }
  for (const std::size_t users : seen) EXPECT_GT(users, 50U);
}

TEST(Split, ANewIdIsTheKeyAtOnce) {
  Scene scene(split_of({50, 50}, every_source()));
  std::size_t on_canary = 0;
  for (int i = 0; i < 1'000; ++i) {
    const SplitChoice first = scene.choose({{"Cookie", "weir-id=garbage"}});
    ASSERT_TRUE(first.issued);
    EXPECT_EQ(first.key, 3U);
    EXPECT_EQ(first.reason, VariantReason::weight);
    const std::string id(first.issued->data(), first.issued->size());
    const SplitChoice later = scene.choose({{"Cookie", "weir-id=" + id}});
    ASSERT_FALSE(later.issued);
    ASSERT_EQ(later.point, first.point);
    ASSERT_EQ(later.variant, first.variant);
    on_canary += later.variant;
  }
  EXPECT_NEAR(static_cast<double>(on_canary), 500, 80);
}

TEST(Split, AUserWithAnotherKeyIsGivenNoId) {
  Scene scene(split_of({1, 1}, every_source()));
  EXPECT_FALSE(scene.choose({{"X-User-Id", "h"}, {"Cookie", "weir-id=garbage"}}).issued);
}

TEST(Split, NothingAfterTheIssuedCookieIsEverAsked) {
  Scene scene(split_of({1, 1}, every_source()));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(scene.choose({}).key, 3U);
}

TEST(Split, WithoutAKeyChanceDecides) {
  Scene scene(split_of({75, 25}, {key_of(KeySource::header, "X-U")}));
  std::size_t on_canary = 0;
  for (int i = 0; i < 20'000; ++i) {
    const SplitChoice choice = scene.choose({{"X-U", ""}});
    ASSERT_FALSE(choice.has_key());
    ASSERT_EQ(choice.reason, VariantReason::no_key);
    on_canary += choice.variant;
  }
  EXPECT_NEAR(static_cast<double>(on_canary), 5'000, 300);
}

TEST(Split, WithoutAKeyListEveryRequestIsChance) {
  Scene scene(split_of({1, 1}));
  EXPECT_NE(scene.choose({}).point, scene.choose({}).point);
  EXPECT_EQ(scene.choose({}).reason, VariantReason::no_key);
}

TEST(Split, MissingKeyCanMeanStable) {
  config::Split settings = split_of({1, 99}, {key_of(KeySource::header, "X-U")});
  settings.missing_key = config::MissingKey::stable;
  Scene scene(std::move(settings));
  std::size_t on_canary = 0;
  for (int i = 0; i < 200; ++i) {
    const SplitChoice choice = scene.choose({});
    ASSERT_EQ(choice.variant, 0U);
    ASSERT_EQ(choice.reason, VariantReason::no_key);
    on_canary += scene.choose({{"X-U", std::to_string(i)}}).variant;
  }
  EXPECT_GT(on_canary, 150U);  // who has a key goes by the weights
}

TEST(Split, AStableVariantOfWeightZeroGetsNoRequestWithoutAKeyEither) {
  config::Split settings = split_of({0, 60, 40}, {key_of(KeySource::header, "X-U")});
  settings.missing_key = config::MissingKey::stable;
  Scene scene(std::move(settings));
  for (int i = 0; i < 200; ++i) {
    const SplitChoice choice = scene.choose({});
    ASSERT_NE(choice.variant, 0U);
    ASSERT_EQ(choice.reason, VariantReason::no_key);
  }
}

TEST(Split, GarbageOfAnySizeIsAKeyLikeOthers) {
  Scene scene(split_of({1, 1}, every_source()));
  const std::string oversized(1 << 20, '\xff');
  for (const std::string& value : {oversized, std::string("\0\1\2", 3), std::string(" ; = %00")}) {
    const SplitChoice first = scene.choose({{"X-User-Id", value}});
    EXPECT_EQ(first.key, 0U);
    EXPECT_EQ(first.point, scene.split.point_of(value));
    EXPECT_EQ(scene.choose({{"X-User-Id", value}}).variant, first.variant);
  }
  const SplitChoice in_cookie = scene.choose({{"Cookie", "weir-id=" + oversized}});
  EXPECT_TRUE(in_cookie.issued);
  EXPECT_EQ(scene.choose({}, "u=" + oversized).key, 3U);  // beyond what a target can hold
}

TEST(Split, ATesterGoesWhereTheyWishAndKeepsTheirPoint) {
  config::Split settings = split_of({100, 0}, every_source());
  settings.override.header = "X-Weir-Variant";
  settings.override.secret = "s3cret";
  Scene scene(std::move(settings));
  const FakeFields tester{{"X-User-Id", "h"}, {"X-Weir-Variant", "always:s3cret"}};
  const SplitChoice forced = scene.choose(tester);
  EXPECT_EQ(forced.variant, 1U);  // at weight 0
  EXPECT_EQ(forced.reason, VariantReason::forced);
  EXPECT_EQ(forced.override_verdict, OverrideVerdict::granted);
  EXPECT_EQ(forced.point, scene.split.point_of("h"));
  EXPECT_EQ(forced.key, 0U);
  const SplitChoice without_key = scene.choose({{"X-Weir-Variant", "never:s3cret"}});
  EXPECT_EQ(without_key.variant, 0U);
  EXPECT_TRUE(without_key.issued);
}

TEST(Split, AWishThatDoesNotCountChangesNothingButItsVerdict) {
  config::Split settings = split_of({100, 0}, every_source());
  settings.override.header = "X-Weir-Variant";
  settings.override.secret = "s3cret";
  Scene scene(std::move(settings));
  const auto wish = [&](const char* value) {
    const SplitChoice choice = scene.choose({{"X-User-Id", "h"}, {"X-Weir-Variant", value}});
    EXPECT_EQ(choice.variant, 0U);
    EXPECT_EQ(choice.reason, VariantReason::weight);
    EXPECT_EQ(choice.point, scene.split.point_of("h"));
    return choice.override_verdict;
  };
  EXPECT_EQ(wish("always:wrong"), OverrideVerdict::not_permitted);
  EXPECT_EQ(wish("nobody:s3cret"), OverrideVerdict::unknown_value);
  EXPECT_EQ(wish(""), OverrideVerdict::absent);
}

TEST(Split, ReasonsHaveTheirWords) {
  EXPECT_EQ(name_of(VariantReason::none), "");
  EXPECT_EQ(name_of(VariantReason::weight), "weight");
  EXPECT_EQ(name_of(VariantReason::no_key), "no_key");
  EXPECT_EQ(name_of(VariantReason::forced), "override");
  EXPECT_EQ(name_of(VariantReason::failover), "failover");
  EXPECT_EQ(name_of(VariantReason::rescue), "rescue");
}

}  // namespace
}  // namespace weir::traffic
