// The decision of a split and what surrounds it: key, override, weights, failover, rescue.
#include "server/explain_split.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

#include <weir/limits.h>

#include "config/causes.h"
#include "config/choices.h"
#include "traffic/split.h"

namespace weir::server {
namespace {

constexpr std::uint64_t kSeed = 1;  // the same answer every time; it is shown to be chance
constexpr std::size_t kShownBytes = 64;

std::string words_of(const config::SplitKey& key) {
  std::string words(config::word_of(config::kKeySources, key.source));
  if (!key.name.empty()) words.append(" ").append(key.name);
  return words;
}

// A decision with what it was made from.
struct Decision {
  const proxy::SplitPlan& plan;
  const ExplainedRequest& request;
  traffic::Weights weights;
  traffic::SplitChoice choice;

  const config::Split& settings() const { return plan.split.settings(); }
  const std::string& variant() const { return settings().variants[choice.variant].name; }
  const std::string& stable() const { return settings().variants.front().name; }
  const config::SplitKey& key() const { return settings().key[choice.key]; }
  bool address_is_missing() const {
    return choice.has_key() && key().source == config::KeySource::client_ip && !request.client;
  }
  bool point_is_certain() const {
    return choice.has_key() && !choice.issued && !address_is_missing();
  }
};

std::string bucket_text(traffic::Point point) {
  return fmt::format("{:.6f}", bucket_of(point));
}

std::string value_of_key(const Decision& decision, const traffic::RequestView& view) {
  const config::SplitKey& key = decision.key();
  if (key.source == config::KeySource::client_ip) return to_string(*decision.request.client);
  std::string room(limits::kTargetBytes, '\0');
  return std::string(traffic::find_key(key, view, {}, room).value_or(std::string_view()));
}

Json explain_key(const Decision& decision, const traffic::RequestView& view) {
  const auto& keys = decision.settings().key;
  if (!decision.choice.has_key()) {
    std::vector<std::string> places;
    for (const config::SplitKey& key : keys) places.push_back(words_of(key));
    return {{"words", keys.empty() ? "none: the split asks for none"
                                   : fmt::format("none: not in {}", fmt::join(places, ", "))}};
  }
  Json json = {{"source", config::word_of(config::kKeySources, decision.key().source)}};
  if (!decision.key().name.empty()) json["name"] = decision.key().name;
  json["place"] = decision.choice.key + 1;
  std::string words = words_of(decision.key());
  if (decision.choice.issued) {
    words += ": a new id would be issued: by chance";
  } else if (decision.address_is_missing()) {
    words += ": the address it comes from is not given";
  } else {
    std::string value = value_of_key(decision, view);
    const bool cut = value.size() > kShownBytes;
    value.resize(std::min(value.size(), kShownBytes));
    words +=
        fmt::format(" '{}'{}, at {}", value, cut ? "..." : "", bucket_text(decision.choice.point));
    json["value"] = value;
  }
  json["words"] = words;
  return json;
}

// Why an override does not count. The secret itself is never shown.
std::string not_permitted(const config::Override& settings) {
  if (settings.secret.empty()) return "ignored: not from a permitted address";
  return settings.from.empty() ? "ignored: wrong secret"
                               : "ignored: wrong secret, and not from a permitted address";
}

Json explain_override(const Decision& decision) {
  switch (decision.choice.override_verdict) {
    case traffic::OverrideVerdict::absent:
      return nullptr;
    case traffic::OverrideVerdict::granted:
      return {{"verdict", "granted"}, {"words", "granted: " + decision.variant()}};
    case traffic::OverrideVerdict::not_permitted:
      return {{"verdict", "not_permitted"}, {"words", not_permitted(decision.settings().override)}};
    case traffic::OverrideVerdict::unknown_value:
      return {{"verdict", "unknown_value"}, {"words", "ignored: it names no variant"}};
  }
  return nullptr;
}

struct Why {
  std::string words;
  bool by_chance = false;
};

Why why_this_variant(const Decision& decision) {
  const traffic::SplitChoice& choice = decision.choice;
  if (choice.reason == VariantReason::forced) return {"forced by the tester's override"};
  if (!choice.has_key() && decision.settings().missing_key == config::MissingKey::stable)
    return {"missing_key gives requests without a key to the stable variant"};
  const std::uint64_t weight = decision.weights[choice.variant];
  const std::uint64_t sum = weights_sum(decision.plan);
  if (weight == sum) return {"all weight is on it"};
  if (!decision.point_is_certain()) {
    return {fmt::format("by chance: {} of {}", weight, sum), true};
  }
  if (decision.plan.split.size() != 2) {
    return {fmt::format("by the hash of key and variant: {} of {}", weight, sum)};
  }
  return {fmt::format("{} is {}below {}/{}", bucket_text(choice.point),
                      choice.variant == 1 ? "" : "not ", decision.weights[1], sum)};
}

// Null for the stable variant, which never spills.
Json explain_failover(const Decision& decision, bool failed_over) {
  if (decision.choice.variant == 0) return nullptr;
  if (decision.settings().on_unavailable == config::OnUnavailable::fail)
    return fmt::format("none: 503 when {} has no endpoint", decision.variant());
  if (failed_over) {
    return fmt::format("to {}: no endpoint of {} takes requests", decision.stable(),
                       decision.variant());
  }
  return fmt::format("to {} when {} has no endpoint", decision.stable(), decision.variant());
}

Json explain_rescue(const Decision& decision) {
  if (decision.choice.variant == 0) return nullptr;
  const config::Rescue& rescue = decision.settings().rescue;
  if (!rescue.enabled) return "none: switched off";
  const http::RequestHead& head = decision.request.head;
  const std::string method(head.method_name());
  if (!head.safe()) return fmt::format("only while nothing of the {} was sent", method);
  if (std::ranges::find(rescue.methods, method) == rescue.methods.end()) {
    return fmt::format("only while nothing was sent: {} is not one of {}", method,
                       fmt::join(rescue.methods, ", "));
  }
  return fmt::format("once more on {} after {}; at most {} % of requests", decision.stable(),
                     fmt::join(config::words_of(rescue.on), ", "), rescue.budget_percent);
}

}  // namespace

ExplainedSplit explain_split(const proxy::Snapshot& snapshot, const proxy::SplitPlan& plan,
                             const ExplainedRequest& request, const traffic::RequestView& view) {
  Random random(kSeed);
  const traffic::Weights weights = plan.weights->get(plan.split.size());
  const Decision decision{
      plan, request, weights,
      plan.split.choose(view, request.client.value_or(IpAddress{}), weights, random)};
  const auto cluster_of = [&](std::size_t variant) { return plan.variants[variant].cluster; };
  std::size_t serving = decision.choice.variant;
  const bool fails_over = serving != 0 &&
                          decision.settings().on_unavailable == config::OnUnavailable::failover &&
                          !takes_requests(*snapshot.clusters[cluster_of(serving)]);
  if (fails_over) serving = 0;

  const Why why = why_this_variant(decision);
  ExplainedSplit explained;
  explained.cluster = cluster_of(serving);
  if (decision.point_is_certain()) explained.key_point = decision.choice.point;
  explained.json = {
      {"key", explain_key(decision, view)},
      {"bucket", explained.key_point ? Json(bucket_of(*explained.key_point)) : Json(nullptr)},
      {"override", explain_override(decision)},
      {"variants", variants_json(plan)},
      {"weights_sum", weights_sum(plan)},
      {"variant", decision.variant()},
      {"reason", weir::name_of(decision.choice.reason)},
      {"by_chance", why.by_chance},
      {"why", why.words},
      {"failover", explain_failover(decision, fails_over)},
      {"rescue", explain_rescue(decision)},
      {"served_by", decision.settings().variants[serving].name}};
  return explained;
}

}  // namespace weir::server
