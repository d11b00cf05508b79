// The order of a split's decision.
#include "traffic/split.h"

#include <weir/limits.h>

#include "base/hash.h"

namespace weir::traffic {
namespace {

// A function of its own, so that only requests asked for a parameter have its room on their stack.
[[gnu::noinline]] std::optional<Point> point_of_parameter(const Split& split,
                                                          const config::SplitKey& key,
                                                          const RequestView& request) {
  char room[limits::kTargetBytes];
  const auto value = find_key(key, request, {}, room);
  return value ? std::optional(split.point_of(*value)) : std::nullopt;
}

std::optional<Point> point_at(const Split& split, const config::SplitKey& key,
                              const RequestView& request, const IpAddress& client) {
  if (key.source == config::KeySource::query) return point_of_parameter(split, key, request);
  const auto value = find_key(key, request, client, {});
  return value ? std::optional(split.point_of(*value)) : std::nullopt;
}

}  // namespace

Split::Split(const config::Split& settings, std::string_view route_name)
    : settings_(settings),
      seed_(hash64(settings.salt.empty() ? route_name : std::string_view(settings.salt))),
      splitter_(settings.variants) {}

Point Split::point_of(std::string_view key) const {
  return hash64(key, seed_);
}

Weights Split::file_weights() const {
  Weights weights;
  for (std::size_t i = 0; i < settings_.variants.size(); ++i) {
    weights.of[i] = settings_.variants[i].weight;
  }
  return weights;
}

SplitChoice Split::choose(const RequestView& request, const IpAddress& client,
                          const Weights& weights, Random& random) const {
  SplitChoice choice;
  find_point(request, client, random, choice);
  const OverrideWish wish = read_override(settings_.override, settings_.variants, request, client);
  choice.override_verdict = wish.verdict;
  if (wish.verdict == OverrideVerdict::granted) {
    choice.reason = VariantReason::forced;
    choice.variant = wish.variant;
    return choice;
  }
  choice.reason = choice.has_key() ? VariantReason::weight : VariantReason::no_key;
  // A stable variant of weight 0 takes no requests, those without a key included.
  const bool stable =
      !choice.has_key() && settings_.missing_key == config::MissingKey::stable && weights[0] != 0;
  choice.variant = stable ? 0 : splitter_.variant_of(choice.point, weights);
  return choice;
}

void Split::find_point(const RequestView& request, const IpAddress& client, Random& random,
                       SplitChoice& choice) const {
  for (std::size_t i = 0; i < settings_.key.size(); ++i) {
    const config::SplitKey& key = settings_.key[i];
    if (const auto point = point_at(*this, key, request, client)) {
      choice.point = *point;
      choice.key = i;
      return;
    }
    if (key.source != config::KeySource::issued_cookie) continue;
    choice.issued = make_issued_id(random);
    choice.point = point_of({choice.issued->data(), choice.issued->size()});
    choice.key = i;
    return;
  }
  choice.point = random.next();
}

}  // namespace weir::traffic
