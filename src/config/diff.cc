// Things are told apart by their names; what differs inside one is told as far as an operator would
// ask, and as "changed" beyond that.
#include "config/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace weir::config {
namespace {

using Lines = std::vector<std::string>;

template <class Named>
const Named* find(const std::vector<Named>& things, std::string_view name) {
  const auto found = std::ranges::find(things, name, &Named::name);
  return found == things.end() ? nullptr : &*found;
}

// Calls changed(old, new) for what is in both and not equal.
template <class Named, class Changed>
void compare(Lines& lines, std::string_view word, const std::vector<Named>& before,
             const std::vector<Named>& after, Changed changed) {
  for (const Named& old : before) {
    if (find(after, old.name) == nullptr)
      lines.push_back(fmt::format("{} {}: removed", word, old.name));
  }
  for (const Named& now : after) {
    const Named* old = find(before, now.name);
    if (old == nullptr) {
      lines.push_back(fmt::format("{} {}: added", word, now.name));
    } else if (!(*old == now)) {
      changed(*old, now);
    }
  }
}

void compare_endpoints(Lines& lines, const Cluster& before, const Cluster& after) {
  const auto find = [](const Cluster& cluster, const Endpoint& endpoint) {
    return std::ranges::find_if(cluster.endpoints,
                                [&](const Endpoint& other) { return other.same_place(endpoint); });
  };
  const auto has = [&](const Cluster& cluster, const Endpoint& endpoint) {
    return find(cluster, endpoint) != cluster.endpoints.end();
  };
  for (const Endpoint& old : before.endpoints) {
    if (has(after, old)) continue;
    lines.push_back(fmt::format("cluster {}: endpoint {} removed", after.name, to_string(old)));
  }
  for (const Endpoint& now : after.endpoints) {
    const auto old = find(before, now);
    if (old == before.endpoints.end()) {
      lines.push_back(fmt::format("cluster {}: endpoint {} added", after.name, to_string(now)));
    } else if (old->weight != now.weight) {
      lines.push_back(fmt::format("cluster {}: endpoint {} weight {} -> {}", after.name,
                                  to_string(now), old->weight, now.weight));
    } else if (!(*old == now)) {
      lines.push_back(fmt::format("cluster {}: endpoint {} changed", after.name, to_string(now)));
    }
  }
}

void compare_clusters(Lines& lines, const Cluster& before, const Cluster& after) {
  compare_endpoints(lines, before, after);
  Cluster rest = before;
  rest.endpoints = after.endpoints;
  if (!(rest == after)) lines.push_back(fmt::format("cluster {}: settings changed", after.name));
}

void compare_routes(Lines& lines, const Route& before, const Route& after) {
  Route rest = before;
  for (const Variant& now : after.split.variants) {
    const Variant* old = find(before.split.variants, now.name);
    if (old == nullptr || old->weight == now.weight) continue;
    lines.push_back(fmt::format("route {}: variant {} weight {} -> {}", after.name, now.name,
                                old->weight, now.weight));
  }
  for (Variant& variant : rest.split.variants) {
    if (const Variant* now = find(after.split.variants, variant.name)) variant.weight = now->weight;
  }
  if (!(rest == after)) lines.push_back(fmt::format("route {}: changed", after.name));
}

void compare_order(Lines& lines, const std::vector<Route>& before,
                   const std::vector<Route>& after) {
  Lines old_order, new_order;
  for (const Route& route : before) {
    if (find(after, route.name) != nullptr) old_order.push_back(route.name);
  }
  for (const Route& route : after) {
    if (find(before, route.name) != nullptr) new_order.push_back(route.name);
  }
  if (old_order != new_order) lines.push_back("routes: in another order");
}

void compare_process(Lines& lines, const Config& before, const Config& after) {
  const auto note = [&](bool same, std::string_view key, bool at_next_start = false) {
    if (same) return;
    lines.push_back(
        fmt::format("{}: changed{}", key, at_next_start ? ", in force at the next start" : ""));
  };
  note(before.workers == after.workers, "workers", true);
  note(before.admin.enabled == after.admin.enabled && before.admin.address == after.admin.address,
       "admin", true);
  note(before.admin.token == after.admin.token, "admin token");
  note(before.shutdown_timeout == after.shutdown_timeout, "shutdown_timeout");
  note(before.access_log == after.access_log, "access_log");
  note(before.log == after.log, "log");
  note(before.resolver == after.resolver, "resolver");
  note(before.mirror_bytes == after.mirror_bytes, "mirror_bytes");
  note(before.buffer_bytes == after.buffer_bytes, "buffer_bytes");
}

}  // namespace

std::vector<std::string> differences(const Config& before, const Config& after) {
  Lines lines;
  compare_process(lines, before, after);
  compare(lines, "listener", before.listeners, after.listeners,
          [&](const Listener& old, const Listener& now) {
            lines.push_back(old.address == now.address
                                ? fmt::format("listener {}: settings changed", now.name)
                                : fmt::format("listener {}: address {} -> {}", now.name,
                                              to_string(old.address), to_string(now.address)));
          });
  compare(lines, "route", before.routes, after.routes,
          [&](const Route& old, const Route& now) { compare_routes(lines, old, now); });
  compare_order(lines, before.routes, after.routes);
  compare(lines, "cluster", before.clusters, after.clusters,
          [&](const Cluster& old, const Cluster& now) { compare_clusters(lines, old, now); });
  return lines;
}

}  // namespace weir::config
