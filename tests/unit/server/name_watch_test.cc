// Names that change while the process runs: which endpoints come, go and stay, what operators have
// said of them, and what a name server that fails does not change.
#include "server/name_watch.h"

#include <functional>
#include <string>
#include <vector>

#include "support/name_server.h"
#include "unit/server/shop.h"

namespace weir::server {
namespace {

using Names = std::vector<std::string>;
using test::NameServer;

class NameWatchTest : public RunningShop {
 protected:
  void SetUp() override {
    server_.hosts("app.test", {"10.0.0.1", "10.0.0.2"}, 0);
    start(named("app.test"));
  }

  config::Config named(std::string host) {
    config::Config config = shop_config();
    config.clusters[0].endpoints[0].address = {.host = std::move(host), .port = 80};
    config.resolver.servers = {{.host = "127.0.0.1", .port = server_.address().port}};
    config.resolver.min_ttl = std::chrono::milliseconds(20);
    return config;
  }
  void start(config::Config config) {
    load(std::move(config));
    state_.update_clusters = [this](const auto& updates) {
      told_ += updates.size();
      watch_.adopt();
    };
    watch_.adopt();
  }
  void run_until(const std::function<bool()>& done) {
    bool late = false;
    net::TimerEntry watchdog([](void* flag) { *static_cast<bool*>(flag) = true; }, &late);
    loop_.wheel().arm_in(watchdog, 10'000);
    while (!done() && !late) loop_.run_once();
    EXPECT_FALSE(late) << "nothing happened for too long";
  }
  // So that what was asked before is over.
  void ask_twice(const std::string& name, std::uint16_t type = NameServer::kA) {
    const int before = server_.asked(name, type);
    run_until([&] { return server_.asked(name, type) >= before + 2; });
  }
  const upstream::Cluster& app() const { return *state_.snapshot->clusters[0]; }
  Names names() const {
    Names result;
    for (const auto& endpoint : app().endpoints()) result.push_back(endpoint->name());
    return result;
  }
  std::uint64_t resolutions(std::string_view result) {
    return instruments_.registry.total(instruments_.registry.counter(
        "weir_dns_resolutions_total", "", {{"cluster", "app"}, {"result", std::string(result)}}));
  }

  NameServer server_;
  net::Loop loop_;
  std::size_t told_ = 0;
  NameWatch watch_{loop_, state_, instruments_.registry, instruments_.supervisor_cells()};
};

TEST_F(NameWatchTest, EndpointsComeAndGoAndTheOthersStay) {
  ASSERT_EQ(names(), (Names{"10.0.0.1:80", "10.0.0.2:80"}));
  const auto stays = app().endpoints()[1];
  server_.hosts("app.test", {"10.0.0.3", "10.0.0.2"}, 0);
  run_until([&] { return told_ > 0; });
  EXPECT_EQ(names(), (Names{"10.0.0.2:80", "10.0.0.3:80"}));
  EXPECT_EQ(app().endpoints()[0], stays);
  EXPECT_EQ(app().endpoints()[0]->from(), "app.test:80");
  EXPECT_GE(resolutions("success"), 1U);
}

TEST_F(NameWatchTest, TheSameAddressesInAnotherOrderChangeNothing) {
  const auto before = app().setup();
  server_.hosts("app.test", {"10.0.0.2", "10.0.0.1"}, 0);
  ask_twice("app.test");
  EXPECT_EQ(app().setup(), before);
  EXPECT_EQ(told_, 0U);
}

TEST_F(NameWatchTest, WhatFailsOrIsGoneKeepsTheLastGoodAnswer) {
  const auto before = app().setup();
  server_.fail("app.test", NameServer::kServerFailure);
  run_until([&] { return resolutions("failure") > 0; });
  EXPECT_EQ(app().setup(), before);
  EXPECT_EQ(failing_names(app().settings(), *state_.live.names).size(), 1U);
  server_.fail("app.test", 0);
  server_.forget("app.test");
  run_until([&] { return resolutions("not_found") > 0; });
  server_.hosts("app.test", {}, 0);
  const auto empty = resolutions("not_found");
  run_until([&] { return resolutions("not_found") > empty; });
  EXPECT_EQ(app().setup(), before);
}

TEST_F(NameWatchTest, AReloadWithANameThatFailsNowGoesByTheLastGoodAnswer) {
  server_.fail("app.test", NameServer::kServerFailure);
  run_until([&] { return resolutions("failure") > 0; });
  config::Config next = named("app.test");
  next.clusters[0].connections.max = 5;
  const auto built =
      build_snapshot(std::move(next), 2, instruments_.registry, state_.live, state_.snapshot.get());
  ASSERT_TRUE(built) << built.error().front();
  EXPECT_EQ((*built)->setups[0]->endpoints, app().endpoints());
}

TEST_F(NameWatchTest, WhatOperatorsHaveSaidStays) {
  state_.live.endpoints.change("app", *app().endpoints()[0],
                               {.state = EndpointState::draining, .weight = 7}, "alice", 1);
  server_.hosts("app.test", {"10.0.0.1", "10.0.0.3"}, 0);
  run_until([&] { return told_ > 0; });
  EXPECT_EQ(app().endpoints()[0]->state(), EndpointState::draining);
  server_.hosts("app.test", {"10.0.0.3"}, 0);
  run_until([&] { return names() == Names{"10.0.0.3:80"}; });
  server_.hosts("app.test", {"10.0.0.1", "10.0.0.3"}, 0);
  run_until([&] { return names().size() == 2; });
  EXPECT_EQ(app().endpoints()[0]->state(), EndpointState::draining) << "also when it came back";
  EXPECT_EQ(app().endpoints()[0]->weight(), 7U);
  EXPECT_EQ(app().endpoints()[1]->state(), EndpointState::active);
}

TEST_F(NameWatchTest, AWeightOfARecordIsTakenUpUnlessAnOperatorSetOne) {
  server_.service("_a._tcp.test", {{0, 1, 81, "app.test"}}, 0);
  config::Config config = named("");
  config.clusters[0].endpoints[0] = {};
  config.clusters[0].endpoints[0].service = "_a._tcp.test";
  start(std::move(config));
  ASSERT_EQ(names(), (Names{"10.0.0.1:81", "10.0.0.2:81"}));
  const auto before = app().endpoints();
  before[0]->set_weight(50);
  server_.service("_a._tcp.test", {{0, 9, 81, "app.test"}}, 0);
  run_until([&] { return told_ > 0; });
  EXPECT_EQ(app().endpoints(), before);
  EXPECT_EQ(before[1]->weight(), 9U);
  server_.service("_a._tcp.test", {{0, 9, 81, "app.test"}, {1, 9, 82, "app.test"}}, 0);
  run_until([&] { return names().size() == 4; });
  EXPECT_FALSE(app().endpoints()[0]->backup());
  EXPECT_TRUE(app().endpoints()[2]->backup());
}

TEST_F(NameWatchTest, ASetThatAnOperatorPutsIsWatchedToo) {
  server_.hosts("other.test", {"10.0.1.1"}, 0);
  const AdminAnswer answer =
      ask({.method = "PUT",
           .path = "/v1/clusters/app/endpoints",
           .actor = "alice",
           .body = R"({"endpoints": [{"address": "other.test:80", "weight": 4}, "127.0.0.1:1"]})"});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(names(), (Names{"10.0.1.1:80", "127.0.0.1:1"}));
  EXPECT_EQ(app().endpoints()[0]->weight(), 4U);
  EXPECT_NE(answer.body.find(R"("from": "other.test:80")"), std::string::npos) << answer.body;
  server_.hosts("other.test", {"10.0.1.1", "10.0.1.2"}, 0);
  run_until([&] { return names().size() == 3; });
  EXPECT_EQ(app().endpoints()[1]->weight(), 4U);
  const int asked = server_.asked("app.test", NameServer::kA);
  ask_twice("other.test");
  EXPECT_LE(server_.asked("app.test", NameServer::kA), asked) << "nobody has that name any more";
}

TEST_F(NameWatchTest, AWrongServiceInASetIsRefused) {
  const auto put = [&](std::string_view body) {
    return ask({.method = "PUT", .path = "/v1/clusters/app/endpoints", .body = body});
  };
  for (const char* body : {R"({"endpoints": [{"service": "a.test"}]})",
                           R"({"endpoints": [{"service": "_a._tcp.test", "weight": 1}]})",
                           R"({"endpoints": [{"service": "_a._tcp.test", "address": "a:1"}]})",
                           R"({"endpoints": [{"service": "_nowhere._tcp.test"}]})"}) {
    EXPECT_EQ(put(body).status, 400) << body;
  }
  EXPECT_EQ(names().size(), 2U);
}

TEST_F(NameWatchTest, MinAvailableCountsAddresses) {
  config::Config config = named("app.test");
  config.clusters[0].min_available = 2;
  start(std::move(config));
  server_.hosts("one.test", {"10.0.1.1"}, 0);
  const auto put = [&](std::string_view body) {
    return ask({.method = "PUT", .path = "/v1/clusters/app/endpoints", .body = body}).status;
  };
  EXPECT_EQ(put(R"({"endpoints": ["one.test:80"]})"), 409);
  EXPECT_EQ(put(R"({"endpoints": ["app.test:81"]})"), 200);
}

TEST_F(NameWatchTest, OtherServersAreAskedAtOnce) {
  NameServer other;
  other.hosts("app.test", {"10.0.9.9"}, 0);
  config::Config config = named("app.test");
  config.resolver.servers[0].port = other.address().port;
  start(std::move(config));
  run_until([&] { return names() == Names{"10.0.9.9:80"}; });
}

TEST_F(NameWatchTest, NothingIsAskedAfterTheEnd) {
  ask_twice("app.test");
  watch_.stop();
  watch_.adopt();
  const int asked = server_.asked("app.test", NameServer::kA);
  for (int i = 0; i < 8; ++i) {
    loop_.post();
    loop_.run_once();
  }
  EXPECT_EQ(server_.asked("app.test", NameServer::kA), asked);
}

}  // namespace
}  // namespace weir::server
