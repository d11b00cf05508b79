// Explanations as people read them.
#include "cli/explain_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/weights_text.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

TEST(ExplainText, HasALineForEverythingThatIsKnown) {
  const Json explanation = Json::parse(R"({
    "generation": 3,
    "request": {"method": "GET", "host": "", "path": "/shop", "query": "", "listener": "web",
                "client": null},
    "passed_over": [{"route": "old", "reason": "path /shop is not under /old"}],
    "route": "shop", "action": "split", "rate_limit": "100 per 1s, 200 at once, by client_ip",
    "split": {
      "key": {"source": "header", "words": "header x-user 'alice', at 0.031250"},
      "override": {"verdict": "not_permitted", "words": "ignored: wrong secret"},
      "variants": [{"variant": "stable", "weight": 95}, {"variant": "canary", "weight": 5}],
      "variant": "canary", "why": "0.031250 is below 5/100",
      "failover": "to stable when canary has no endpoint", "rescue": null},
    "mirrors": [{"cluster": "next", "copy": "chance", "when": "after",
                 "why": "10 % of requests, by chance"}],
    "forwards": "/shop",
    "cluster": {"cluster": "shop-v2", "balance": "ip_hash", "endpoints": [
      {"endpoint": "127.0.0.1:9202", "weight": 1, "backup": true, "state": "active",
       "healthy": true, "active_requests": 2}]},
    "endpoint": {"endpoint": null, "words": "any: the request has no key to hash"}
  })");
  EXPECT_EQ(explain_text(explanation), R"(request   GET /shop at no host by listener web
not       old: path /shop is not under /old
route     shop
limit     100 per 1s, 200 at once, by client_ip
key       header x-user 'alice', at 0.031250
override  ignored: wrong secret
weights   stable 95, canary 5
variant   canary: 0.031250 is below 5/100
failover  to stable when canary has no endpoint
mirror    next: perhaps a copy, after a success: 10 % of requests, by chance
forwards  /shop
cluster   shop-v2 (ip_hash)
          127.0.0.1:9202 weight 1, backup, active, healthy, 2 in flight
endpoint  any: the request has no key to hash
)");
}

TEST(WeightsText, NamesTheFilesWhereTheyDiffer) {
  const Json variants = Json::parse(R"([
    {"variant": "stable", "weight": 95, "configured_weight": 95},
    {"variant": "canary", "weight": 50, "configured_weight": 5}])");
  EXPECT_EQ(weights_text(variants), "stable 95, canary 50 (file: 5)");
}

TEST(WeightsText, SaysWhoChangedWhatAndWhen) {
  const Json change = Json::parse(R"({"by": "alice@desk", "at": "2026-11-23T02:32:06.017Z",
    "from": {"stable": 95, "canary": 5}, "to": {"stable": 50, "canary": 50}})");
  EXPECT_EQ(change_text(change),
            "changed 2026-11-23T02:32:06.017Z by alice@desk: stable 95 -> 50, canary 5 -> 50");
}

}  // namespace
}  // namespace weir::cli
