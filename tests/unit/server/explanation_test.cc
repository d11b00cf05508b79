// Explanations: the document says what the router, the split and the mirrors decide, and why; and
// where they throw dice it says that.
#include "server/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

#include "server/explain_resource.h"
#include "unit/server/shop.h"

namespace weir::server {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class ExplanationTest : public testing::Test {
 protected:
  void SetUp() override { sketch(shop_config()); }

  void sketch(config::Config config) {
    auto made = sketch_snapshot(std::move(config));
    ASSERT_TRUE(made) << made.error().front();
    snapshot_ = *made;
  }
  Json explain(std::string method, std::string url, std::vector<std::string> headers = {},
               std::string from = "", Scene scene = Scene::file) {
    const auto told = server::explain(*snapshot_,
                                      {.method = std::move(method),
                                       .url = std::move(url),
                                       .headers = std::move(headers),
                                       .from = std::move(from)},
                                      scene);
    EXPECT_TRUE(told) << told.error();
    return told.value_or(Json());
  }
  Json split_of(std::vector<std::string> headers, std::string from = "") {
    return explain("GET", "http://shop.example/shop", std::move(headers), std::move(from))
        .at("split");
  }
  std::string fault(ExplainQuestion question) {
    const auto told = server::explain(*snapshot_, question, Scene::file);
    EXPECT_FALSE(told);
    return told ? "" : told.error();
  }
  // A user of that variant of the first route.
  std::string user_of(std::size_t variant) const {
    const traffic::Split& split = snapshot_->routes[0].split->split;
    for (int i = 0;; ++i) {
      const std::string user = "user" + std::to_string(i);
      const auto point = split.point_of(user);
      if (split.splitter().variant_of(point, split.file_weights()) == variant) return user;
    }
  }

  std::shared_ptr<const proxy::Snapshot> snapshot_;
};

std::string text(const Json& json, const char* name) {
  return json.at(name).get<std::string>();
}

TEST_F(ExplanationTest, NamesTheRouteAndWhyOthersWerePassedOver) {
  const Json json = explain("GET", "http://shop.example:8080/x?a=b#c");
  EXPECT_EQ(json.at("request").at("host"), "shop.example");
  EXPECT_EQ(json.at("request").at("path"), "/x");
  EXPECT_EQ(json.at("request").at("query"), "a=b");
  EXPECT_EQ(json.at("passed_over").size(), 2U);
  EXPECT_EQ(json.at("passed_over").at(0).at("reason"), "path /x is not under /shop");
  EXPECT_EQ(json.at("route"), "all");
  EXPECT_EQ(json.at("action"), "cluster");
  EXPECT_EQ(json.at("forwards"), "/x?a=b");
  EXPECT_EQ(json.at("cluster").at("cluster"), "app");
  EXPECT_FALSE(json.contains("split"));
}

TEST_F(ExplanationTest, NamesTheRateLimit) {
  config::Config config = shop_config();
  config.routes[2].rate_limit = {.requests = 600,
                                 .per = std::chrono::minutes(1),
                                 .burst = 50,
                                 .key = {{config::KeySource::header, "x-api-key"}}};
  sketch(std::move(config));
  EXPECT_EQ(explain("GET", "/x").at("rate_limit"), "600 per 1m, 50 at once, by header x-api-key");
  EXPECT_FALSE(explain("GET", "/health").contains("rate_limit"));
}

TEST_F(ExplanationTest, OwnAnswersAndRedirects) {
  EXPECT_EQ(explain("GET", "/health").at("respond"), (Json{{"status", 200}, {"bytes", 4}}));
  config::Config config = shop_config();
  config.routes[2].action = config::ActionKind::redirect;
  config.routes[2].redirect = {.to = "https://shop.example/", .status = 301};
  sketch(std::move(config));
  EXPECT_EQ(explain("GET", "/a?b").at("redirect"),
            (Json{{"status", 301}, {"location", "https://shop.example/a?b"}}));
}

TEST_F(ExplanationTest, WhatTheParserRefusesIsRefused) {
  EXPECT_EQ(explain("TRACE", "http://h/").at("answer").at("status"), 405);
  EXPECT_EQ(explain("BREW", "http://h/").at("answer").at("status"), 501);
  EXPECT_EQ(explain("GET", "http://h/a b").at("answer").at("status"), 400);
  EXPECT_EQ(explain("GET", "/", {"Host: a", "Host: b"}).at("answer").at("reason"), "bad_host");
  const std::vector<std::string> both = {"Content-Length: 1", "Transfer-Encoding: chunked"};
  EXPECT_EQ(explain("POST", "http://h/", both).at("answer").at("status"), 400);
}

TEST_F(ExplanationTest, NoRouteIsAnAnswer) {
  config::Config config = shop_config();
  config.routes.pop_back();
  sketch(std::move(config));
  const Json json = explain("GET", "/nothing");
  EXPECT_EQ(json.at("answer").at("status"), 404);
  EXPECT_EQ(json.at("answer").at("reason"), "no_route");
}

TEST_F(ExplanationTest, AHostOfItsOwnGoesBeforeTheUrls) {
  EXPECT_EQ(
      explain("GET", "http://127.0.0.1:8080/", {"host: shop.example"}).at("request").at("host"),
      "shop.example");
}

TEST_F(ExplanationTest, ItComesInByTheListenerThatItsUrlFits) {
  config::Config config = shop_config();
  config.listeners.resize(3, config.listeners[0]);
  config.listeners[0].name = "secure";
  config.listeners[0].address.port = 8443;
  config.listeners[0].tls.emplace();
  config.listeners[1].name = "plain";
  config.listeners[1].address.port = 8080;
  config.listeners[2].name = "other";
  config.listeners[2].address.port = 8081;
  sketch(std::move(config));
  const auto listener = [this](const std::string& url) {
    return explain("GET", url, {"Host: a"}).at("request").at("listener").get<std::string>();
  };
  EXPECT_EQ(listener("http://a:8080/"), "plain");
  EXPECT_EQ(listener("http://a:8081/x?y"), "other");
  EXPECT_EQ(listener("https://a:8443/"), "secure");
  EXPECT_EQ(listener("http://a/"), "plain") << "by its scheme";
  EXPECT_EQ(listener("https://a"), "secure");
  EXPECT_EQ(listener("http://[::1]/"), "plain");
  EXPECT_EQ(listener("http://[::1]:8081/"), "other");
  EXPECT_EQ(listener("http://a:x/"), "plain");
  EXPECT_EQ(listener("/x"), "secure") << "the first, of which nothing is said";
}

TEST_F(ExplanationTest, AQuestionThatMakesNoSenseNamesTheMend) {
  EXPECT_THAT(fault({.method = "GET", .url = "shop/x"}), HasSubstr("did you mean http://shop/x?"));
  EXPECT_THAT(fault({.method = "GET", .url = "/", .headers = {"nonsense"}}),
              HasSubstr("'Name: value'"));
  EXPECT_THAT(fault({.method = "GET", .url = "/", .from = "nowhere"}), HasSubstr("no IP address"));
  EXPECT_THAT(fault({.method = "GET", .url = "/", .listener = "none"}), HasSubstr("no listener"));
  for (const ExplainQuestion& smuggled :
       {ExplainQuestion{.method = "GET", .url = "/ HTTP/1.1\r\nX: y"},
        ExplainQuestion{.method = "GET\r\n", .url = "/"},
        ExplainQuestion{.method = "GET", .url = "/", .headers = {"A: b\r\nC: d"}}})
    EXPECT_FALSE(fault(smuggled).empty());
}

TEST_F(ExplanationTest, AKeyBelowTheShareIsTheCanarys) {
  const std::string user = user_of(1);
  const Json split = split_of({"X-User: " + user});
  EXPECT_EQ(split.at("variant"), "canary");
  EXPECT_EQ(split.at("served_by"), "canary");
  EXPECT_EQ(split.at("reason"), "weight");
  EXPECT_EQ(split.at("by_chance"), false);
  EXPECT_THAT(text(split, "why"), EndsWith(" is below 5/100"));
  EXPECT_LT(split.at("bucket").get<double>(), 0.05);
  EXPECT_EQ(split.at("key").at("source"), "header");
  EXPECT_EQ(split.at("key").at("name"), "x-user");
  EXPECT_EQ(split.at("key").at("place"), 1);
  EXPECT_EQ(split.at("key").at("value"), user);
  EXPECT_THAT(text(split.at("key"), "words"), StartsWith("header x-user '" + user + "', at 0.0"));
  EXPECT_EQ(split.at("weights_sum"), 100);
  EXPECT_EQ(split.at("failover"), "to stable when canary has no endpoint");
  EXPECT_EQ(split.at("rescue"),
            "once more on stable after connect, reset, timeout, 500, 502, 503, 504; at most 20 % "
            "of requests");
}

TEST_F(ExplanationTest, AKeyAboveItIsTheStableOnesWhichHasNothingToFallBackTo) {
  const Json split = split_of({"Cookie: a=b; sid=" + user_of(0)});
  EXPECT_EQ(split.at("variant"), "stable");
  EXPECT_THAT(text(split, "why"), EndsWith(" is not below 5/100"));
  EXPECT_EQ(split.at("key").at("source"), "cookie");
  EXPECT_EQ(split.at("key").at("place"), 2);
  EXPECT_TRUE(split.at("failover").is_null());
  EXPECT_TRUE(split.at("rescue").is_null());
}

TEST_F(ExplanationTest, LongValuesAreCut) {
  const auto shown = [&](std::size_t bytes) {
    const Json split = split_of({"X-User: " + std::string(bytes, 'x')});
    return split.at("key").at("value").get<std::string>().size();
  };
  EXPECT_EQ(shown(63), 63U);
  EXPECT_EQ(shown(64), 64U);
  EXPECT_EQ(shown(65), 64U);
}

TEST_F(ExplanationTest, WithoutAKeyItIsChance) {
  const Json split = split_of({});
  EXPECT_EQ(split.at("key").at("words"), "none: not in header x-user, cookie sid");
  EXPECT_TRUE(split.at("bucket").is_null());
  EXPECT_EQ(split.at("reason"), "no_key");
  EXPECT_EQ(split.at("by_chance"), true);
  EXPECT_THAT(text(split, "why"), testing::MatchesRegex("by chance: (5|95) of 100"));
}

TEST_F(ExplanationTest, WithoutAKeyItIsTheStableOneWhereTheFileSaysSo) {
  config::Config config = shop_config();
  config.routes[0].split.missing_key = config::MissingKey::stable;
  sketch(std::move(config));
  const Json split = split_of({});
  EXPECT_EQ(split.at("variant"), "stable");
  EXPECT_EQ(split.at("by_chance"), false);
  EXPECT_THAT(text(split, "why"), HasSubstr("missing_key"));
}

TEST_F(ExplanationTest, AllWeightOnOneIsNoChance) {
  config::Config config = shop_config();
  config.routes[0].split.variants[1].weight = 0;
  sketch(std::move(config));
  const Json split = split_of({});
  EXPECT_EQ(split.at("variant"), "stable");
  EXPECT_EQ(split.at("by_chance"), false);
  EXPECT_EQ(split.at("why"), "all weight is on it");
}

TEST_F(ExplanationTest, ThreeVariantsGoByTheHashOfBoth) {
  config::Config config = shop_config();
  config.routes[0].split.variants.push_back(
      {.name = "next", .cluster = "shop-next", .weight = 100});
  sketch(std::move(config));
  const Json split = split_of({"X-User: " + user_of(2)});
  EXPECT_EQ(split.at("variant"), "next");
  EXPECT_EQ(split.at("why"), "by the hash of key and variant: 100 of 200");
}

TEST_F(ExplanationTest, AUserWithoutAnIssuedIdWouldGetOne) {
  config::Config config = shop_config();
  config.routes[0].split.key = {{.source = config::KeySource::issued_cookie, .name = "weir-id"}};
  sketch(std::move(config));
  const Json without = split_of({"Cookie: weir-id=mine"});
  EXPECT_EQ(without.at("key").at("words"),
            "issued_cookie weir-id: a new id would be issued: by chance");
  EXPECT_FALSE(without.at("key").contains("value"));
  EXPECT_TRUE(without.at("bucket").is_null());
  EXPECT_EQ(without.at("by_chance"), true);
  const Json with = split_of({"Cookie: weir-id=0123456789abcdef0123456789abcdef"});
  EXPECT_EQ(with.at("by_chance"), false);
  EXPECT_EQ(with.at("key").at("value"), "0123456789abcdef0123456789abcdef");
}

TEST_F(ExplanationTest, TheAddressIsAKeyWhenItIsGiven) {
  config::Config config = shop_config();
  config.routes[0].split.key = {{.source = config::KeySource::client_ip, .name = ""}};
  sketch(std::move(config));
  const Json unknown = split_of({});
  EXPECT_EQ(unknown.at("key").at("words"), "client_ip: the address it comes from is not given");
  EXPECT_EQ(unknown.at("by_chance"), true);
  const Json known = split_of({}, "192.0.2.1");
  EXPECT_EQ(known.at("key").at("value"), "192.0.2.1");
  EXPECT_EQ(known.at("by_chance"), false);
}

TEST_F(ExplanationTest, BehindATrustedProxyTheAddressIsTheClients) {
  config::Config config = shop_config();
  config.routes[0].split.key = {{.source = config::KeySource::client_ip, .name = ""}};
  config.listeners[0].trusted_proxies = {{parse_ip("10.0.0.1")->bytes, 128}};
  sketch(std::move(config));
  const std::vector<std::string> forwarded = {"X-Forwarded-For: 192.0.2.7"};
  EXPECT_EQ(split_of(forwarded, "10.0.0.1").at("key").at("value"), "192.0.2.7");
  EXPECT_EQ(split_of(forwarded, "10.0.0.2").at("key").at("value"), "10.0.0.2");
}

TEST_F(ExplanationTest, FieldsThatAreDroppedOnTheWireAreNoKeys) {
  config::Config config = shop_config();
  config.routes[0].split.key = {{.source = config::KeySource::header, .name = "x-real-ip"}};
  config.listeners[0].trusted_proxies = {{parse_ip("10.0.0.1")->bytes, 128}};
  sketch(std::move(config));
  EXPECT_EQ(split_of({"X-Real-IP: 192.0.2.7"}, "10.0.0.1").at("key").at("value"), "192.0.2.7");
  EXPECT_FALSE(split_of({"X-Real-IP: 192.0.2.7"}, "10.0.0.2").at("key").contains("value"));
  EXPECT_FALSE(split_of({"X-Real-IP: 192.0.2.7"}).at("key").contains("value"));
}

class OverrideExplanation : public ExplanationTest {
 protected:
  void load(std::string secret, std::vector<config::Cidr> from) {
    config::Config config = shop_config();
    config::Override& override = config.routes[0].split.override;
    override.header = "x-variant";
    override.secret = std::move(secret);
    override.from = std::move(from);
    sketch(std::move(config));
  }
  const std::vector<config::Cidr> office_ = {{parse_ip("10.0.0.0")->bytes, 104}};
};

TEST_F(OverrideExplanation, AGrantedOneForcesTheVariant) {
  load("sesame", {});
  const Json split = split_of({"X-Variant: canary:sesame", "X-User: " + user_of(0)});
  EXPECT_EQ(split.at("override").at("verdict"), "granted");
  EXPECT_EQ(split.at("variant"), "canary");
  EXPECT_EQ(split.at("reason"), "override");
  EXPECT_EQ(split.at("by_chance"), false);
  EXPECT_EQ(split.dump().find("sesame"), std::string::npos) << "the secret is shown";
}

TEST_F(OverrideExplanation, OneThatDoesNotCountSaysWhy) {
  load("sesame", {});
  EXPECT_TRUE(split_of({}).at("override").is_null());
  const Json wrong = split_of({"X-Variant: canary:sesamf", "X-User: " + user_of(0)});
  EXPECT_EQ(wrong.at("override").at("words"), "ignored: wrong secret");
  EXPECT_EQ(wrong.at("variant"), "stable");
  EXPECT_THAT(text(split_of({"X-Variant: canry:sesame"}).at("override"), "words"),
              HasSubstr("names no variant"));
  load("sesame", office_);
  EXPECT_THAT(text(split_of({"X-Variant: canary"}, "192.0.2.1").at("override"), "words"),
              HasSubstr("not from a permitted address"));
  load("", office_);
  EXPECT_EQ(split_of({"X-Variant: canary"}, "192.0.2.1").at("override").at("words"),
            "ignored: not from a permitted address");
  EXPECT_EQ(split_of({"X-Variant: canary"}, "10.1.2.3").at("override").at("verdict"), "granted");
}

TEST_F(ExplanationTest, RescueDependsOnTheMethod) {
  const auto rescue = [&](const char* method) {
    return text(explain(method, "/shop", {"X-User: " + user_of(1)}).at("split"), "rescue");
  };
  EXPECT_THAT(rescue("HEAD"), StartsWith("once more on stable after connect"));
  EXPECT_EQ(rescue("POST"), "only while nothing of the POST was sent");
  config::Config config = shop_config();
  config.routes[0].split.rescue.methods = {"GET"};
  sketch(config);
  EXPECT_EQ(rescue("HEAD"), "only while nothing was sent: HEAD is not one of GET");
  config.routes[0].split.rescue.enabled = false;
  sketch(config);
  EXPECT_EQ(rescue("GET"), "none: switched off");
}

TEST_F(ExplanationTest, AVariantWithoutAnEndpointIsServedByTheStableOne) {
  config::Config config = shop_config();
  config.clusters[2].endpoints[0].weight = 0;
  sketch(config);
  const std::vector<std::string> canary = {"X-User: " + user_of(1)};
  const Json failed_over = explain("GET", "/shop", canary);
  EXPECT_EQ(failed_over.at("split").at("variant"), "canary");
  EXPECT_EQ(failed_over.at("split").at("served_by"), "stable");
  EXPECT_EQ(failed_over.at("split").at("failover"),
            "to stable: no endpoint of canary takes requests");
  EXPECT_EQ(failed_over.at("cluster").at("cluster"), "shop-v1");
  config.routes[0].split.on_unavailable = config::OnUnavailable::fail;
  sketch(std::move(config));
  const Json failing = explain("GET", "/shop", canary);
  EXPECT_EQ(failing.at("split").at("failover"), "none: 503 when canary has no endpoint");
  EXPECT_EQ(failing.at("cluster").at("cluster"), "shop-v2");
}

class MirrorExplanation : public ExplanationTest {
 protected:
  void load(config::Mirror mirror) {
    config::Config config = shop_config();
    config.routes[0].mirrors = {std::move(mirror)};
    sketch(std::move(config));
  }
  Json mirror(const char* method, std::vector<std::string> headers) {
    return explain(method, "http://h/shop", std::move(headers)).at("mirrors").at(0);
  }
};

TEST_F(MirrorExplanation, AShareOfRequestsIsAMatterOfChance) {
  load(mirror_to("shop-next", 10));
  const Json chance = mirror("GET", {});
  EXPECT_EQ(chance.at("copy"), "chance");
  EXPECT_EQ(chance.at("why"), "10 % of requests, by chance");
  EXPECT_EQ(chance.at("when"), "concurrent");
  load(mirror_to("shop-next", 0));
  EXPECT_EQ(mirror("GET", {}).at("copy"), "no");
  load(mirror_to("shop-next", 100));
  EXPECT_EQ(mirror("GET", {}).at("copy"), "yes");
}

TEST_F(MirrorExplanation, AShareOfUsersIsTheUpperEndOfTheRing) {
  config::Mirror half = mirror_to("shop-next", 50);
  half.by = config::MirrorBy::key;
  load(std::move(half));
  const Json canary = mirror("GET", {"X-User: " + user_of(1)});
  EXPECT_EQ(canary.at("copy"), "no");  // its users are the last to be mirrored
  EXPECT_THAT(text(canary, "why"), EndsWith(" is not in the upper 50 % of users"));
  const traffic::Split& split = snapshot_->routes[0].split->split;
  int user = 0;
  while (split.point_of(std::to_string(user)) >> 63 == 0) ++user;
  const Json upper = mirror("GET", {"X-User: " + std::to_string(user)});
  EXPECT_EQ(upper.at("copy"), "yes");
  EXPECT_THAT(text(upper, "why"), EndsWith(" is in the upper 50 % of users"));
  EXPECT_EQ(mirror("GET", {}).at("why"), "50 % of requests, by chance: it has no key");
}

TEST_F(MirrorExplanation, WhatIsNeverCopiedSaysWhy) {
  load(mirror_to("shop-next", 100));
  const auto why_not = [&](const char* method, std::vector<std::string> headers) {
    const Json json = mirror(method, std::move(headers));
    EXPECT_EQ(json.at("copy"), "no");
    return text(json, "why");
  };
  EXPECT_EQ(why_not("POST", {}), "POST is not one of GET, HEAD, OPTIONS");
  EXPECT_THAT(why_not("GET", {"X-Weir-Mirror: shop"}), HasSubstr("copy itself"));
  EXPECT_EQ(why_not("GET", {"Connection: upgrade", "Upgrade: websocket"}),
            "it asks for an upgrade");
  EXPECT_THAT(why_not("GET", {"Content-Length: 65537"}), HasSubstr("above max_body, 65536"));
  EXPECT_EQ(mirror("GET", {"Content-Length: 65536"}).at("copy"), "yes");
}

TEST_F(ExplanationTest, AHashedEndpointIsTheOneItsKeyPicks) {
  config::Config config = shop_config();
  config.clusters[0].balance.algorithm = "ip_hash";
  config.clusters[0].endpoints.push_back(cluster_at("", 9102).endpoints[0]);
  sketch(std::move(config));
  EXPECT_THAT(text(explain("GET", "/").at("endpoint"), "words"), HasSubstr("address"));
  const Json first = explain("GET", "/", {}, "192.0.2.1").at("endpoint");
  EXPECT_THAT(text(first, "endpoint"), StartsWith("127.0.0.1:910"));
  EXPECT_EQ(first.at("words"), "while all are up, by the hash of its key");
  // Live, the endpoint that is down is not picked.
  for (const auto& endpoint : snapshot_->clusters[0]->endpoints()) {
    if (endpoint->name() == text(first, "endpoint")) endpoint->set_healthy(false);
  }
  const Json live = explain("GET", "/", {}, "192.0.2.1", Scene::running);
  EXPECT_NE(live.at("endpoint").at("endpoint"), first.at("endpoint"));
}

class LiveExplanation : public RunningShop {
 protected:
  Json ask_about(const ExplainQuestion& question) {
    const std::string target = explain_target(question);
    const std::size_t mark = target.find('?');
    const AdminAnswer answer = ask({.method = "GET",
                                    .path = std::string_view(target).substr(0, mark),
                                    .query = std::string_view(target).substr(mark + 1)});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Json::parse(answer.body);
  }
  AdminAnswer ask_with(std::string_view query) {
    return ask({.method = "GET", .path = "/v1/explain", .query = query});
  }
};

TEST_F(LiveExplanation, GoesByTheWeightsInForceAndShowsEndpointsAsTheyAre) {
  const ExplainQuestion question{.method = "GET", .url = "/shop", .headers = {"X-User: a&b=c d+%"}};
  EXPECT_EQ(ask_about(question).at("split").at("variants").at(1).at("weight"), 5);
  ASSERT_TRUE(state_.live.splits.change(*route(0).settings, {{"stable", 0}}, "alice", 1));
  state_.snapshot->clusters[2]->endpoints()[0]->begin_request();
  const Json json = ask_about(question);
  EXPECT_EQ(json.at("generation"), 3);
  EXPECT_EQ(json.at("split").at("variant"), "canary");
  EXPECT_EQ(json.at("split").at("variants").at(0).at("weight"), 0);
  EXPECT_EQ(json.at("split").at("variants").at(0).at("configured_weight"), 95);
  EXPECT_EQ(json.at("split").at("key").at("value"), "a&b=c d+%");
  const Json endpoint = json.at("cluster").at("endpoints").at(0);
  EXPECT_EQ(endpoint.at("state"), "active");
  EXPECT_EQ(endpoint.at("healthy"), true);
  EXPECT_EQ(endpoint.at("active_requests"), 1);
  state_.snapshot->clusters[2]->endpoints()[0]->end_request();
}

TEST_F(LiveExplanation, QuestionsThatMakeNoSenseAre400) {
  for (const char* query :
       {"", "method=GET", "url=/", "method=GET&url=/&form=1.2.3.4", "method=GET&url=/&from=nowhere",
        "method=GET&url=/&listener=none", "method=GET&url=/&header=nonsense", "method=GET&url=shop",
        "method=GET&url=/%0d%0aX:y"}) {
    EXPECT_EQ(ask_with(query).status, 400) << query;
  }
  EXPECT_NE(ask_with("method=GET&url=/&form=1").body.find("no parameter 'form'"),
            std::string::npos);
  EXPECT_EQ(ask_with("method=GET&url=/x").status, 200);
}

}  // namespace
}  // namespace weir::server
