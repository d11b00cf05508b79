// Names the process's series and prints the /metrics page. Reads what workers count; never counts
// for them.
#include "server/instruments.h"

#include <algorithm>

#include "observe/exchange_metrics.h"
#include "observe/exposition.h"
#include "server/version.h"

namespace weir::server {
namespace {

using observe::Exposition;
using observe::MetricType;

void render_endpoints(Exposition& page, const proxy::Snapshot& snapshot) {
  const auto each = [&](std::string_view name, std::string_view help, auto value) {
    page.family(name, MetricType::gauge, help);
    for (const auto& cluster : snapshot.clusters) {
      for (const auto& endpoint : cluster->endpoints()) {
        page.sample({{"cluster", cluster->name()}, {"endpoint", endpoint->name()}},
                    value(*endpoint));
      }
    }
  };
  each("weir_endpoint_up", "1 when the endpoint may take requests, else 0.",
       [](const Endpoint& e) { return e.takes_requests() ? 1 : 0; });
  each("weir_endpoint_active_requests",
       "Requests in flight to the endpoint, waiting ones included.",
       [](const Endpoint& e) { return e.in_flight(); });
}

void render_connections(Exposition& page, const proxy::Snapshot& snapshot) {
  page.family("weir_downstream_connections", MetricType::gauge, "Open client connections.");
  for (const proxy::ListenerPlan& listener : snapshot.listeners) {
    page.sample({{"listener", listener.settings->name}},
                listener.open_connections->load(std::memory_order_relaxed));
  }
  page.family("weir_upstream_connections", MetricType::gauge,
              "Open connections to endpoints, by state.");
  for (const auto& cluster : snapshot.clusters) {
    const std::uint32_t all = cluster->connections();
    std::uint32_t active = 0;
    for (const auto& endpoint : cluster->endpoints()) active += endpoint->in_flight();
    const std::uint32_t waiting =
        cluster->waiting();  // counted with an endpoint, without a connection
    active = std::min(active > waiting ? active - waiting : 0, all);
    page.sample({{"cluster", cluster->name()}, {"state", "active"}}, active);
    page.sample({{"cluster", cluster->name()}, {"state", "idle"}}, all - active);
  }
  page.family("weir_upstream_waiting_requests", MetricType::gauge,
              "Requests that wait for a connection.");
  for (const auto& cluster : snapshot.clusters) {
    page.sample({{"cluster", cluster->name()}}, cluster->waiting());
  }
}

}  // namespace

Instruments::Instruments(int workers)
    : registry(workers),
      access_log(workers),
      accepted_connections(
          registry.counter("weir_accepted_connections_total", "Client connections accepted.")),
      refused_connections(
          registry.counter("weir_refused_connections_total",
                           "Client connections closed at once because a listener was full.")),
      accept_starvations(registry.counter("weir_accept_starvations_total",
                                          "Times accepting paused for want of file descriptors.")) {
}

void register_series(observe::Registry& registry, proxy::Snapshot& snapshot) {
  for (proxy::ListenerPlan& listener : snapshot.listeners) {
    const std::string& name = listener.settings->name;
    listener.unrouted = observe::exchange_series(registry, {.listener = name});
    for (proxy::RoutePlan& route : snapshot.routes) {
      route.series.push_back(observe::exchange_series(
          registry,
          {.listener = name, .route = route.settings->name, .cluster = route.settings->cluster}));
    }
  }
}

std::string render_metrics(const Instruments& instruments, const proxy::Snapshot& snapshot) {
  std::string text;
  Exposition page(text);
  instruments.registry.render(page);
  instruments.access_log.render(page);
  render_endpoints(page, snapshot);
  render_connections(page, snapshot);
  page.family("weir_config_generation", MetricType::gauge,
              "Generation of the configuration in force.");
  page.sample({}, snapshot.generation);
  page.family("weir_build_info", MetricType::gauge, "1, with the version as a label.");
  page.sample({{"version", kVersion}}, 1);
  return text;
}

}  // namespace weir::server
