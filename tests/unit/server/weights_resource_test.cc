// Changing weights over the admin API: what is accepted, every refusal with its mend, and what is
// remembered and logged of who did it.
#include "server/weights_resource.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "observe/log.h"
#include "unit/server/shop.h"

namespace weir::server {
namespace {

using AnyJson = nlohmann::json;

class WeightsTest : public RunningShop {
 protected:
  AdminAnswer put(std::string_view body, std::string_view route_name = "shop",
                  std::string_view actor = "") {
    const std::string path = "/v1/routes/" + std::string(route_name) + "/weights";
    return ask({.method = "PUT", .path = path, .actor = actor, .body = body});
  }
  traffic::Weights in_force() const { return route(0).split->weights->get(); }
  // Refused with that status, by a message with those words, and nothing has changed.
  void expect_refused(std::string_view body, int status, std::string_view words) {
    const AdminAnswer answer = put(body);
    EXPECT_EQ(answer.status, status) << body;
    const std::string message = AnyJson::parse(answer.body).at("error");
    EXPECT_NE(message.find(words), std::string::npos) << message;
    EXPECT_EQ(in_force()[0], 95U);
    EXPECT_EQ(in_force()[1], 5U);
    EXPECT_EQ(state_.live.splits.last_change(*route(0).settings), nullptr);
  }
};

TEST_F(WeightsTest, AreInForceWhenTheAnswerIsThere) {
  const AdminAnswer answer = put(R"({"stable": 90, "canary": 10})", "shop", "alice@desk");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(in_force()[0], 90U);
  EXPECT_EQ(in_force()[1], 10U);
  const AnyJson json = AnyJson::parse(answer.body);
  EXPECT_EQ(json.at("route"), "shop");
  EXPECT_EQ(json.at("variants").at(1), (AnyJson{{"variant", "canary"},
                                                {"cluster", "shop-v2"},
                                                {"weight", 10},
                                                {"configured_weight", 5}}));
  EXPECT_EQ(json.at("changed").at("by"), "alice@desk");
  EXPECT_EQ(json.at("changed").at("from"), (AnyJson{{"stable", 95}, {"canary", 5}}));
  EXPECT_EQ(json.at("changed").at("to"), (AnyJson{{"stable", 90}, {"canary", 10}}));
  EXPECT_EQ(json.at("changed").at("at").get<std::string>().size(), 24U);
}

TEST_F(WeightsTest, VariantsLeftOutKeepTheirs) {
  ASSERT_EQ(put(R"({"canary": 0})").status, 200);
  EXPECT_EQ(in_force()[0], 95U);
  EXPECT_EQ(in_force()[1], 0U);
}

TEST_F(WeightsTest, CanBeReadWithoutBeingChanged) {
  const AnyJson json = document("/v1/routes/shop/weights");
  EXPECT_EQ(json.at("variants").at(0).at("weight"), 95);
  EXPECT_TRUE(json.at("changed").is_null());
}

TEST_F(WeightsTest, TheNameOfARouteMayBeEscaped) {
  EXPECT_EQ(put(R"({"canary": 6})", "%73hop").status, 200);
  EXPECT_EQ(in_force()[1], 6U);
}

TEST_F(WeightsTest, BodiesThatAreNoWeightsAreRefusedWithTheMend) {
  const std::string mend = R"(send {"stable":95,"canary":5})";
  expect_refused("", 400, "not JSON: " + mend);
  expect_refused("canary=5", 400, mend);
  expect_refused(R"({"canary": 5)", 400, "not JSON");
  expect_refused(R"({"canary": 5} {})", 400, "not JSON");
  expect_refused("[90, 10]", 400, "not a JSON object");
  expect_refused("7", 400, "not a JSON object");
  expect_refused("{}", 400, "names no variant");
  expect_refused(R"({"canary": 5, "stable": 1, "canary": 50})", 400, "'canary' is named twice");
}

TEST_F(WeightsTest, WeightsThatAreNoWholeNumbersAreRefused) {
  for (const char* weight : {"5.5", "5.0", "1e2", "\"5\"", "null", "true", "-1", "{}", "[5]"}) {
    expect_refused(std::string(R"({"canary": )") + weight + "}", 400,
                   "must be a whole number from 0 to 1000000");
  }
}

TEST_F(WeightsTest, TheLargestWeightIsAMillion) {
  EXPECT_EQ(put(R"({"canary": 999999})").status, 200);
  EXPECT_EQ(put(R"({"canary": 1000000})").status, 200);
  EXPECT_EQ(put(R"({"canary": 1000001})").status, 400);
  EXPECT_EQ(put(R"({"canary": 4294967301})").status, 400);  // 5 in 32 bits
  EXPECT_EQ(put(R"({"canary": 18446744073709551621})").status, 400);
  EXPECT_EQ(in_force()[1], 1'000'000U);
}

TEST_F(WeightsTest, UnknownVariantsAndNobodyToServeAreRefusedWhole) {
  expect_refused(R"({"stable": 1, "canry": 5})", 400,
                 "no variant 'canry': there are stable, canary");
  expect_refused(R"({"stable": 0, "canary": 0})", 400, "all weights would be 0");
  expect_refused(R"({"stable": 1, "nested": {"canary": 5, "canary": 5}})", 400, "whole number");
}

TEST_F(WeightsTest, DeeplyNestedBodiesAreHarmless) {
  const std::string deep(300'000, '[');
  expect_refused(deep, 400, "not JSON");
  expect_refused(R"({"canary": )" + deep + std::string(300'000, ']') + "}", 400, "whole number");
}

TEST_F(WeightsTest, RoutesWithoutWeightsNameThoseThatHaveSome) {
  const AdminAnswer unknown = put(R"({"canary": 5})", "shopp");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_NE(unknown.body.find("routes with a split: shop"), std::string::npos) << unknown.body;
  const AdminAnswer without = put(R"({"canary": 5})", "all");
  EXPECT_EQ(without.status, 409);
  EXPECT_NE(without.body.find("route 'all' has no split"), std::string::npos) << without.body;
  EXPECT_EQ(get("/v1/routes/all/weights").status, 409);
}

TEST_F(WeightsTest, OtherMethodsAreRefusedWithThoseThatAreNot) {
  for (const char* method : {"POST", "PATCH", "DELETE", "OPTIONS"}) {
    const AdminAnswer answer = ask({.method = method, .path = "/v1/routes/shop/weights"});
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.allow, "GET, HEAD, PUT");
  }
  EXPECT_EQ(ask({.method = "PUT", .path = "/v1/routes"}).status, 405);
  EXPECT_EQ(ask({.method = "PUT", .path = "/v1/routes//weights"}).status, 404);
  EXPECT_EQ(ask({.method = "PUT", .path = "/v1/routes/shop/weights/canary"}).status, 404);
}

TEST_F(WeightsTest, AChangeNeedsTheTokenAndNoForeignPage) {
  config::Config config = shop_config();
  config.admin.token = "secret";
  load(std::move(config));
  expect_refused(R"({"canary": 50})", 401, "token");
  const std::string_view path = "/v1/routes/shop/weights";
  EXPECT_EQ(ask({.method = "PUT",
                 .path = path,
                 .authorization = "Bearer secret",
                 .origin = "http://evil.example",
                 .body = R"({"canary": 50})"})
                .status,
            403);
  EXPECT_EQ(in_force()[1], 5U);
  EXPECT_EQ(ask({.method = "PUT",
                 .path = path,
                 .authorization = "Bearer secret",
                 .body = R"({"canary": 50})"})
                .status,
            200);
}

TEST_F(WeightsTest, WhoChangedThemIsTheNameGivenElseTheAddress) {
  const auto who = [&](std::string_view actor) {
    const AdminAnswer answer = put(R"({"canary": 5})", "shop", actor);
    return AnyJson::parse(answer.body).at("changed").at("by").get<std::string>();
  };
  EXPECT_EQ(who(""), "127.0.0.1");
  EXPECT_EQ(who("bob"), "bob");
  EXPECT_EQ(who("b\tob\x7f"), "b?ob?");
  EXPECT_EQ(who(std::string(127, 'x')).size(), 127U);
  EXPECT_EQ(who(std::string(128, 'x')).size(), 128U);
  EXPECT_EQ(who(std::string(129, 'x')).size(), 128U);
}

class WeightsLog : public WeightsTest {
 protected:
  void SetUp() override {
    WeightsTest::SetUp();
    path_ = testing::TempDir() + "weir-weights-" +
            testing::UnitTest::GetInstance()->current_test_info()->name() + ".log";
    std::filesystem::remove(path_);
    ASSERT_TRUE(observe::open_log({.path = path_}));
  }
  void TearDown() override {
    observe::open_log({});
    std::filesystem::remove(path_);
  }
  std::string log() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }
  std::string path_;
};

TEST_F(WeightsLog, HasWhoFromAndToOfEveryChange) {
  ASSERT_EQ(put(R"({"canary": 50})", "shop", "alice").status, 200);
  EXPECT_NE(log().find("weights of route shop set by alice (from 127.0.0.1): stable 95, "
                       "canary 5 -> 50"),
            std::string::npos)
      << log();
}

TEST_F(WeightsLog, HasEveryRefusedChangeAndNoRefusedLook) {
  ASSERT_EQ(put(R"({"canry": 50})", "shop", "mallory").status, 400);
  EXPECT_NE(log().find("PUT /v1/routes/shop/weights by mallory (from 127.0.0.1) refused with 400: "
                       "no variant 'canry'"),
            std::string::npos)
      << log();
  const std::string before = log();
  EXPECT_EQ(get("/v1/routes/nothing/weights").status, 404);
  EXPECT_EQ(log(), before);
}

}  // namespace
}  // namespace weir::server
