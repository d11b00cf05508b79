// Setting endpoints, and remembering who did.
#include "server/live_endpoints.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "server/json_parts.h"

namespace weir::server {
namespace {

// Of an endpoint that the file names itself, by its address.
std::optional<std::uint32_t> weight_in(const config::Config& file, std::string_view cluster,
                                       std::string_view endpoint) {
  const auto found = std::ranges::find(file.clusters, cluster, &config::Cluster::name);
  if (found == file.clusters.end()) return {};
  for (const config::Endpoint& one : found->endpoints) {
    if (to_string(one) == endpoint) return one.weight;
  }
  return {};
}

std::string words_of_overruling(std::string_view cluster, std::string_view endpoint,
                                const EndpointChange& change) {
  return fmt::format("cluster {}: endpoint {}: the file's weight takes the place of {}, set by {}",
                     cluster, endpoint, change.to.weight, change.by);
}

struct Placed {
  Endpoint* endpoint = nullptr;  // null: there is none of that name
  std::uint32_t weight = 0;      // as the file says
};

Placed endpoint_in(const LiveEndpoints::Setups& setups, std::string_view cluster,
                   std::string_view name) {
  for (const auto& setup : setups) {
    if (setup->settings.name != cluster) continue;
    for (std::size_t i = 0; i < setup->endpoints.size(); ++i) {
      if (setup->endpoints[i]->name() != name) continue;
      return {setup->endpoints[i].get(), setup->memberships[i].weight};
    }
  }
  return {};
}

}  // namespace

EndpointSetting setting_of(const Endpoint& endpoint) {
  return {.state = endpoint.state(), .weight = endpoint.weight()};
}

std::string words_of_change(const EndpointSetting& from, const EndpointSetting& to) {
  std::string words(name_of(from.state));
  if (from.state != to.state) words.append(" -> ").append(name_of(to.state));
  words += fmt::format(", weight {}", from.weight);
  if (from.weight != to.weight) words += fmt::format(" -> {}", to.weight);
  return words;
}

const EndpointChange& LiveEndpoints::change(std::string_view cluster, Endpoint& endpoint,
                                            const EndpointSetting& to, std::string_view by,
                                            std::uint64_t now_wall_ms) {
  EndpointChange& change = changes_[Key(cluster, endpoint.name())];
  change = {
      .by = std::string(by), .at_wall_ms = now_wall_ms, .from = setting_of(endpoint), .to = to};
  endpoint.set_state(to.state);
  endpoint.set_weight(to.weight);
  return change;
}

const EndpointChange* LiveEndpoints::last_change(std::string_view cluster,
                                                 const Endpoint& endpoint) const {
  const auto found = changes_.find(Key(cluster, endpoint.name()));
  return found == changes_.end() ? nullptr : &found->second;
}

void LiveEndpoints::restore(std::string_view cluster, Endpoint& endpoint) const {
  const EndpointChange* change = last_change(cluster, endpoint);
  if (change == nullptr) return;
  endpoint.set_state(change->to.state);
  endpoint.set_weight(change->to.weight);
}

void LiveEndpoints::replace(const config::Cluster& in_file, std::vector<config::Endpoint> endpoints,
                            SetChange change) {
  replacements_[in_file.name] = {
      .in_file = in_file.endpoints, .now = std::move(endpoints), .change = std::move(change)};
  const std::vector<std::string>& stay = replacements_[in_file.name].change.to;
  std::erase_if(changes_, [&](const auto& entry) {
    return entry.first.first == in_file.name &&
           std::ranges::find(stay, entry.first.second) == stay.end();
  });
}

const SetChange* LiveEndpoints::last_replacement(std::string_view cluster) const {
  const auto found = replacements_.find(cluster);
  return found == replacements_.end() ? nullptr : &found->second.change;
}

config::Cluster LiveEndpoints::in_force(const config::Cluster& in_file) const {
  config::Cluster cluster = in_file;
  const auto found = replacements_.find(in_file.name);
  if (found != replacements_.end() && found->second.in_file == in_file.endpoints) {
    cluster.endpoints = found->second.now;
  }
  return cluster;
}

std::vector<std::string> LiveEndpoints::sets_overruled_by(const config::Config& next) const {
  std::vector<std::string> lines;
  for (const auto& [name, replacement] : replacements_) {
    const auto cluster = std::ranges::find(next.clusters, name, &config::Cluster::name);
    if (cluster == next.clusters.end() || cluster->endpoints == replacement.in_file) continue;
    lines.push_back(
        fmt::format("cluster {}: the file's endpoints take the place of those set by {}", name,
                    replacement.change.by));
  }
  return lines;
}

std::vector<std::string> LiveEndpoints::weights_overruled_by(const config::Config& next,
                                                             const config::Config& before) const {
  std::vector<std::string> lines;
  for (const auto& [key, change] : changes_) {
    const auto& [cluster, endpoint] = key;
    const auto weight = weight_in(next, cluster, endpoint);
    const auto old = weight_in(before, cluster, endpoint);
    const bool is_set = old && change.to.weight != *old;
    if (!is_set || !weight || *weight == *old || *weight == change.to.weight) continue;
    lines.push_back(words_of_overruling(cluster, endpoint, change));
  }
  return lines;
}

void LiveEndpoints::adopt(const config::Config& config, const Setups& setups) {
  std::erase_if(replacements_, [&](const auto& entry) {
    const auto cluster = std::ranges::find(config.clusters, entry.first, &config::Cluster::name);
    return cluster == config.clusters.end() || cluster->endpoints != entry.second.in_file;
  });
  // What the file has undone since is nobody's change any more.
  std::erase_if(changes_, [&](const auto& entry) {
    for (const auto& setup : setups) {
      if (setup->settings.name != entry.first.first) continue;
      for (const auto& endpoint : setup->endpoints) {
        if (endpoint->name() != entry.first.second) continue;
        const EndpointSetting now = setting_of(*endpoint);
        const EndpointSetting& then = entry.second.to;
        const bool still_out = now.state == then.state && now.state != EndpointState::active;
        return now != then && !still_out;
      }
    }
    return true;
  });
}

std::vector<KeptEndpoint> LiveEndpoints::kept_endpoints(const Setups& setups) const {
  std::vector<KeptEndpoint> kept;
  for (const auto& [key, change] : changes_) {
    const Placed placed = endpoint_in(setups, key.first, key.second);
    if (placed.endpoint == nullptr) continue;
    kept.push_back({key.first, key.second, placed.weight, change});
  }
  return kept;
}

std::vector<KeptSet> LiveEndpoints::kept_sets() const {
  std::vector<KeptSet> kept;
  for (const auto& [cluster, set] : replacements_) {
    kept.push_back({cluster, set.in_file, set.now, set.change});
  }
  return kept;
}

void LiveEndpoints::take_over(std::vector<KeptSet> kept) {
  for (KeptSet& one : kept) {
    replacements_[one.cluster] = {.in_file = std::move(one.in_file),
                                  .now = std::move(one.now),
                                  .change = std::move(one.change)};
  }
}

std::vector<std::string> LiveEndpoints::take_over(std::vector<KeptEndpoint> kept,
                                                  const Setups& setups) {
  std::vector<std::string> lines;
  for (KeptEndpoint& one : kept) {
    const Placed placed = endpoint_in(setups, one.cluster, one.endpoint);
    if (placed.endpoint == nullptr) continue;
    if (placed.weight != one.weight_in_file && placed.weight != one.change.to.weight) {
      lines.push_back(words_of_overruling(one.cluster, one.endpoint, one.change));
      one.change.to.weight = placed.weight;
    }
    changes_[Key(one.cluster, one.endpoint)] = std::move(one.change);
    restore(one.cluster, *placed.endpoint);
  }
  return lines;
}

}  // namespace weir::server
