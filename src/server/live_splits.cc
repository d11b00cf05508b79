// Changing weights: validated whole, then set in one go.
#include "server/live_splits.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include <weir/limits.h>

namespace weir::server {
namespace {

NamedWeights file_weights(const config::Route& route) {
  NamedWeights named;
  for (const config::Variant& variant : route.split.variants) {
    named.emplace_back(variant.name, variant.weight);
  }
  return named;
}

traffic::Weights as_weights(const NamedWeights& named) {
  traffic::Weights weights;
  for (std::size_t i = 0; i < named.size(); ++i) weights.of[i] = named[i].second;
  return weights;
}

std::string list_of_names(const NamedWeights& named) {
  std::vector<std::string_view> names;
  for (const auto& [name, weight] : named) names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string list_of(const NamedWeights& named) {
  return words_of_change(named, named);
}

// What is wrong with the wanted weights; else `into` has them.
std::string merge(const NamedWeights& wanted, NamedWeights& into) {
  for (const auto& [name, weight] : wanted) {
    const auto found = std::ranges::find(into, name, &NamedWeights::value_type::first);
    if (found == into.end()) {
      return fmt::format("no variant '{}': there are {}", name, list_of_names(into));
    }
    if (weight > limits::kVariantWeight) {
      return fmt::format("the weight {} of '{}' is out of range: 0 to {}", weight, name,
                         limits::kVariantWeight);
    }
    found->second = weight;
  }
  const bool any = std::ranges::any_of(into, [](const auto& one) { return one.second > 0; });
  return any ? "" : "all weights would be 0 and nobody could be served: leave one above 0";
}

}  // namespace

std::string words_of_change(const NamedWeights& from, const NamedWeights& to) {
  std::string words;
  for (std::size_t i = 0; i < from.size() && i < to.size(); ++i) {
    const auto& [variant, before] = from[i];
    const std::uint32_t now = to[i].second;
    words += words.empty() ? variant : ", " + variant;
    words += now == before ? fmt::format(" {}", now) : fmt::format(" {} -> {}", before, now);
  }
  return words;
}

std::shared_ptr<traffic::SplitWeights> LiveSplits::offer(const config::Route& route) const {
  const NamedWeights in_file = file_weights(route);
  const auto live = splits_.find(route.name);
  if (live != splits_.end() && live->second.in_file == in_file) return live->second.weights;
  return std::make_shared<traffic::SplitWeights>(as_weights(in_file));
}

void LiveSplits::adopt(const config::Route& route, std::shared_ptr<traffic::SplitWeights> weights) {
  Live& live = splits_[route.name];
  if (live.weights == weights) return;
  live = {.in_file = file_weights(route), .weights = std::move(weights), .change = {}};
}

std::expected<WeightChange, LiveSplits::Refusal> LiveSplits::change(const config::Route& route,
                                                                    const NamedWeights& wanted,
                                                                    std::string_view by,
                                                                    std::uint64_t now_wall_ms) {
  const auto found = splits_.find(route.name);
  if (route.action != config::ActionKind::split || found == splits_.end()) {
    return std::unexpected(
        Refusal{Refusal::Kind::no_split, fmt::format("route '{}' has no split", route.name)});
  }
  WeightChange change{.by = std::string(by), .at_wall_ms = now_wall_ms, .from = in_force(route)};
  change.to = change.from;
  if (std::string fault = merge(wanted, change.to); !fault.empty()) {
    return std::unexpected(Refusal{Refusal::Kind::bad_weights, std::move(fault)});
  }
  found->second.weights->set(as_weights(change.to));
  found->second.change = change;
  return change;
}

NamedWeights LiveSplits::in_force(const config::Route& route) const {
  NamedWeights named = file_weights(route);
  const auto found = splits_.find(route.name);
  if (found == splits_.end()) return named;
  const traffic::Weights weights = found->second.weights->get();
  for (std::size_t i = 0; i < named.size(); ++i) named[i].second = weights[i];
  return named;
}

std::vector<std::string> LiveSplits::overruled_by(const config::Config& next) const {
  std::vector<std::string> lines;
  for (const auto& [name, live] : splits_) {
    if (!live.change) continue;
    const auto route = std::ranges::find(next.routes, name, &config::Route::name);
    if (route == next.routes.end() || file_weights(*route) == live.in_file) continue;
    lines.push_back(fmt::format("route {}: the file's weights take the place of {}, set by {}",
                                name, list_of(live.change->to), live.change->by));
  }
  return lines;
}

const WeightChange* LiveSplits::last_change(const config::Route& route) const {
  const auto found = splits_.find(route.name);
  return found == splits_.end() || !found->second.change ? nullptr : &*found->second.change;
}

std::vector<KeptWeights> LiveSplits::kept() const {
  std::vector<KeptWeights> kept;
  for (const auto& [route, live] : splits_) {
    if (live.change) kept.push_back({route, live.in_file, *live.change});
  }
  return kept;
}

void LiveSplits::take_over(std::vector<KeptWeights> kept) {
  for (KeptWeights& one : kept) {
    auto weights = std::make_shared<traffic::SplitWeights>(as_weights(one.change.to));
    splits_[one.route] = {.in_file = std::move(one.in_file),
                          .weights = std::move(weights),
                          .change = std::move(one.change)};
  }
}

}  // namespace weir::server
