// Changing endpoints over the admin API: what is accepted, every refusal with its mend, answers
// that come later, and what is remembered.
#include "server/endpoints_resource.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

#include "unit/server/shop.h"

namespace weir::server {
namespace {

using AnyJson = nlohmann::json;

class EndpointsTest : public RunningShop {
 protected:
  AdminAnswer patch(std::string_view body, std::string_view query = "",
                    std::string_view path = "/v1/clusters/app/endpoints/127.0.0.1:9101") {
    return ask({.method = "PATCH", .path = path, .query = query, .actor = "alice", .body = body});
  }
  AdminAnswer put(std::string_view body, std::string_view query = "") {
    return ask({.method = "PUT",
                .path = "/v1/clusters/app/endpoints",
                .query = query,
                .actor = "alice",
                .body = body});
  }
  const upstream::Cluster& app() const { return *state_.snapshot->clusters[0]; }
  Endpoint& endpoint() const { return *app().endpoints()[0]; }
  void expect_refused(const AdminAnswer& answer, int status, std::string_view words) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_NE(answer.refusal.find(words), std::string::npos) << answer.refusal;
    EXPECT_TRUE(endpoint().takes_requests());
    EXPECT_EQ(endpoint().weight(), 1U);
    EXPECT_EQ(app().endpoints().size(), 1U);
  }
};

TEST_F(EndpointsTest, AChangeIsInForceAndRemembered) {
  const AdminAnswer answer = patch(R"({"state": "draining", "weight": 4})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(endpoint().state(), EndpointState::draining);
  EXPECT_EQ(endpoint().weight(), 4U);
  const AnyJson json = AnyJson::parse(answer.body);
  EXPECT_EQ(json.at("cluster"), "app");
  EXPECT_EQ(json.at("changed").at("by"), "alice");
  EXPECT_EQ(json.at("changed").at("from"), (AnyJson{{"state", "active"}, {"weight", 1}}));
  EXPECT_EQ(json.at("changed").at("to"), (AnyJson{{"state", "draining"}, {"weight", 4}}));
  EXPECT_EQ(document("/v1/clusters/app/endpoints/127.0.0.1%3A9101"), json);
  EXPECT_EQ(document("/v1/clusters").at(0).at("endpoints").at(0).at("changed"), json["changed"]);
}

TEST_F(EndpointsTest, WrongChangesAreRefusedWithTheMend) {
  for (const char* body : {"", "[]", "{}", R"({"state": "off"})", R"({"weight": 1.0})",
                           R"({"state": "down", "state": "active"})", R"({"sate": "down"})",
                           R"({"state": {"state": 1}})"}) {
    expect_refused(patch(body), 400, R"(send {"state": "active|draining|down", "weight": N})");
  }
  expect_refused(patch(R"({"weight": 65536})"), 400, "from 0 to 65535");
  expect_refused(patch(R"({"weight": 0})", "wait=empty"), 400, "wait must be drained");
  expect_refused(patch(R"({"weight": 0})", "froce=true"), 400, "wait, timeout and force");
  expect_refused(patch(R"({"weight": 2})", "wait=drained"), 400, "go on taking requests");
  const std::string_view elsewhere = "/v1/clusters/app/endpoints/127.0.0.1:1";
  expect_refused(patch(R"({"weight": 2})", "", elsewhere), 404, "endpoints: 127.0.0.1:9101");
  expect_refused(patch(R"({"weight": 2})", "", "/v1/clusters/ap/endpoints/x"), 404,
                 "clusters: app, shop-v1");
  EXPECT_EQ(patch(R"({"weight": 65535})").status, 200);
}

TEST_F(EndpointsTest, NothingChangesWhileTheProcessStops) {
  state_.draining = true;
  expect_refused(patch(R"({"state": "down"})"), 503, "stopping");
  expect_refused(put(R"({"endpoints": ["127.0.0.1:1"]})"), 503, "stopping");
}

TEST_F(EndpointsTest, MinAvailableIsKeptUnlessForced) {
  config::Config config = shop_config();
  config.clusters[0].min_available = 1;
  load(std::move(config));
  expect_refused(patch(R"({"state": "down"})"), 409, "left with 0 endpoints taking requests");
  expect_refused(put(R"({"endpoints": [{"address": "127.0.0.1:1", "weight": 0},
                                       {"address": "127.0.0.1:2", "weight": 0}]})"),
                 400, "all weights would be 0");
  EXPECT_EQ(patch(R"({"state": "down"})", "force=true").status, 200);
  EXPECT_EQ(patch(R"({"state": "draining"})").status, 200) << "was out already";
}

TEST_F(EndpointsTest, WaitingEndsWithTheLastRequest) {
  endpoint().begin_request();
  const AdminAnswer answer = patch(R"({"state": "draining"})", "wait=drained");
  ASSERT_NE(answer.later, nullptr);
  EXPECT_FALSE(answer.later->look());
  endpoint().end_request();
  const auto later = answer.later->look();
  ASSERT_TRUE(later);
  EXPECT_EQ(later->status, 200);
  EXPECT_EQ(AnyJson::parse(later->body).at("active_requests"), 0);
  EXPECT_EQ(patch(R"({"state": "draining"})", "wait=drained").later, nullptr);
}

TEST_F(EndpointsTest, WaitingEndsWhenTimeIsUpOrTheEndpointIsBack) {
  endpoint().begin_request();
  const AdminAnswer late = patch(R"({"state": "draining"})", "wait=drained&timeout=0");
  EXPECT_EQ(late.status, 504);
  EXPECT_EQ(AnyJson::parse(late.body).at("active_requests"), 1);
  const AdminAnswer waiting = patch(R"({"state": "down"})", "wait=drained&timeout=1h");
  ASSERT_NE(waiting.later, nullptr);
  ASSERT_EQ(patch(R"({"state": "active"})").status, 200);
  EXPECT_EQ(waiting.later->look()->status, 409);
  endpoint().end_request();
}

TEST_F(EndpointsTest, ASetTakesThePlaceOfTheFiles) {
  const auto before = app().endpoints()[0];
  before->set_state(EndpointState::draining);
  const AdminAnswer answer =
      put(R"({"endpoints": ["127.0.0.1:9101", {"address": "127.0.0.1:9102", "weight": 3}]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(app().endpoints().size(), 2U);
  EXPECT_EQ(app().endpoints()[0], before);
  EXPECT_EQ(app().endpoints()[1]->weight(), 3U);
  const AnyJson replaced = document("/v1/clusters/app/endpoints").at("replaced");
  EXPECT_EQ(replaced.at("by"), "alice");
  EXPECT_EQ(replaced.at("from"), AnyJson{"127.0.0.1:9101"});
  EXPECT_EQ(replaced.at("to"), (AnyJson{"127.0.0.1:9101", "127.0.0.1:9102"}));
}

TEST_F(EndpointsTest, WrongSetsAreRefusedWithTheMend) {
  for (const char* body : {"", "[]", "{}", R"({"endpoints": {}})", R"({"endpoints": []})",
                           R"({"endpoints": ["127.0.0.1"]})", R"({"endpoints": [{"weight": 1}]})",
                           R"({"endpoints": [{"address": "127.0.0.1:1", "backup": 1}]})",
                           R"({"endpoints": ["127.0.0.1:1", {"address": "127.0.0.1:1"}]})"}) {
    expect_refused(put(body), 400, R"(send {"endpoints": [)");
  }
  expect_refused(put(R"({"endpoints": ["127.0.0.1:1"]})", "wait=drained"), 400, "there is force");
}

}  // namespace
}  // namespace weir::server
