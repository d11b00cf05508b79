// Names the process's series and prints the /metrics page. Reads what workers count; never counts
// for them.
#include "server/instruments.h"

#include <algorithm>

#include "observe/exchange_metrics.h"
#include "observe/exposition.h"
#include "server/tls_files.h"
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
  each("weir_endpoint_healthy", "0 when health checks found the endpoint unhealthy, else 1.",
       [](const Endpoint& e) { return e.healthy() ? 1 : 0; });
  each("weir_endpoint_ejected", "1 while the endpoint is ejected for failing requests, else 0.",
       [](const Endpoint& e) { return e.ejected() ? 1 : 0; });
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

void render_mirrors(Exposition& page, const proxy::Snapshot& snapshot) {
  const auto each = [&](std::string_view name, std::string_view help, auto value) {
    page.family(name, MetricType::gauge, help);
    for (const proxy::RoutePlan& route : snapshot.routes) {
      for (const proxy::MirrorPlan& mirror : route.mirrors) {
        page.sample({{"route", route.settings->name}, {"cluster", mirror.settings->cluster}},
                    value(mirror));
      }
    }
  };
  each("weir_mirror_in_flight", "Copies under way.",
       [](const proxy::MirrorPlan& mirror) { return mirror.load->in_flight(); });
  each("weir_mirror_held_bytes", "Bytes held for copies, waiting ones included.",
       [](const proxy::MirrorPlan& mirror) { return mirror.load->bytes.held(); });
  each("weir_mirror_connections", "Open connections to the mirror's endpoints.",
       [](const proxy::MirrorPlan& mirror) { return mirror.cluster->connections(); });
}

void render_certificates(Exposition& page, const proxy::Snapshot& snapshot) {
  const auto each = [&](std::string_view name, std::string_view help, auto value) {
    page.family(name, MetricType::gauge, help);
    for (const proxy::ListenerPlan& listener : snapshot.listeners) {
      if (!listener.tls) continue;
      const auto& names = listener.settings->tls->certificates;
      for (std::size_t i = 0; i < names.size(); ++i) {
        page.sample({{"listener", listener.settings->name}, {"certificate", names[i].cert.path}},
                    value(names[i], *listener.tls->settings.certificates[i]));
      }
    }
  };
  each("weir_certificate_expiry_timestamp_seconds",
       "When the certificate in use, or one of its chain, expires.",
       [](const auto&, const net::TlsCertificate& in_use) {
         return static_cast<std::uint64_t>(in_use.not_after);
       });
  page.family(
      "weir_upstream_certificate_expiry_timestamp_seconds", MetricType::gauge,
      "When the certificate shown to the cluster's endpoints, or one of its chain, expires.");
  for (const auto& setup : snapshot.setups) {
    if (setup->tls == nullptr || setup->tls->certificate_until() == 0) continue;
    page.sample(
        {{"cluster", setup->settings.name}, {"certificate", setup->settings.tls->certificate.path}},
        static_cast<std::uint64_t>(setup->tls->certificate_until()));
  }
  each("weir_certificate_file_readable",
       "0 when the certificate's file or its key's cannot be read any more, else 1.",
       [](const config::Certificate& names, const auto&) { return is_there(names) ? 1 : 0; });
}

void render_weights(Exposition& page, const proxy::Snapshot& snapshot) {
  page.family("weir_split_weight", MetricType::gauge, "Weight in force of a variant.");
  for (const proxy::RoutePlan& route : snapshot.routes) {
    if (!route.split) continue;
    const traffic::Weights weights = route.split->weights->get();
    for (std::size_t i = 0; i < route.split->variants.size(); ++i) {
      page.sample(
          {{"route", route.settings->name}, {"variant", route.split->variants[i].settings->name}},
          weights[i]);
    }
  }
}

void render_reloads(Exposition& page, const ReloadHistory& reloads) {
  page.family("weir_config_reloads_total", MetricType::counter,
              "Times the configuration file was taken up anew, or refused.");
  page.sample({{"result", "applied"}}, reloads.applied);
  page.sample({{"result", "refused"}}, reloads.refused);
  page.family("weir_config_last_reload_successful", MetricType::gauge,
              "0 while the file's last version was refused, else 1.");
  const bool refused =
      reloads.last_wall_ms != 0 && reloads.last.outcome == ReloadReport::Outcome::refused;
  page.sample({}, refused ? 0 : 1);
}

// Only where calls can come to something: every other route would have 19 lines more for nothing.
void register_grpc(observe::Registry& registry, const proxy::Snapshot& snapshot,
                   proxy::RoutePlan& route) {
  const auto takes_calls = [&](std::uint32_t cluster) {
    return cluster != proxy::kNoCluster &&
           snapshot.config.clusters[cluster].protocol == config::UpstreamProtocol::http2;
  };
  const std::string& name = route.settings->name;
  bool any_variant = false;
  for (std::size_t i = 0; route.split && i < route.split->variants.size(); ++i) {
    proxy::VariantPlan& variant = route.split->variants[i];
    if (!takes_calls(variant.cluster)) continue;
    any_variant = true;
    variant.grpc =
        observe::grpc_series(registry, name, variant.settings->name, variant.settings->cluster);
  }
  if (any_variant || takes_calls(route.cluster)) {
    route.grpc = observe::grpc_series(registry, name, "", route.settings->cluster);
  }
}

// Variants count by themselves; what a split's route counts without one was refused before.
void register_route(observe::Registry& registry, const proxy::Snapshot& snapshot,
                    proxy::RoutePlan& route) {
  const std::string& name = route.settings->name;
  for (const proxy::ListenerPlan& listener : snapshot.listeners) {
    const std::string& its_listener = listener.settings->name;
    route.series.push_back(observe::exchange_series(
        registry, {.listener = its_listener, .route = name, .cluster = route.settings->cluster}));
    if (!route.split) continue;
    for (proxy::VariantPlan& variant : route.split->variants) {
      variant.series.push_back(
          observe::exchange_series(registry, {.listener = its_listener,
                                              .route = name,
                                              .variant = variant.settings->name,
                                              .cluster = variant.settings->cluster}));
    }
  }
  if (route.split) {
    route.split->overrides = observe::override_series(registry, name);
    for (proxy::VariantPlan& variant : route.split->variants) {
      variant.counts = observe::variant_series(registry, name, variant.settings->name);
    }
  }
  register_grpc(registry, snapshot, route);
  route.tunnels = observe::tunnel_series(registry, name);
  if (route.rate_limit) route.rate_limit->series = observe::rate_limit_series(registry, name);
  for (proxy::MirrorPlan& mirror : route.mirrors) {
    mirror.series = observe::mirror_series(registry, name, mirror.settings->cluster);
  }
}

void register_tls(observe::Registry& registry, const std::string& listener, proxy::TlsPlan& plan) {
  constexpr TlsVersion kVersions[] = {TlsVersion::v1_2, TlsVersion::v1_3};
  for (std::size_t version = 0; version < plan.handshakes.size(); ++version) {
    for (std::size_t resumed = 0; resumed < 2; ++resumed) {
      plan.handshakes[version][resumed] = registry.counter(
          "weir_tls_handshakes_total", "TLS handshakes with clients that were done.",
          {{"listener", listener},
           {"version", std::string(name_of(kVersions[version]))},
           {"resumed", resumed == 1 ? "true" : "false"}});
    }
  }
  for (std::size_t i = 0; i < plan.failures.size(); ++i) {
    plan.failures[i] = registry.counter(
        "weir_tls_handshake_failures_total", "TLS handshakes with clients that failed, by reason.",
        {{"listener", listener},
         {"reason", std::string(net::name_of(static_cast<net::TlsFailureKind>(i)))}});
  }
}

observe::CounterId refused_connections(observe::Registry& registry, std::string_view reason) {
  return registry.counter("weir_refused_connections_total",
                          "Client connections closed before their first request, by reason.",
                          {{"reason", reason}});
}

std::array<observe::CounterId, kH2Abuses> h2_abuse_counters(observe::Registry& registry) {
  std::array<observe::CounterId, kH2Abuses> counters;
  for (std::size_t i = 0; i < counters.size(); ++i) {
    counters[i] = registry.counter(
        "weir_http2_abuse_total", "HTTP/2 streams and connections ended for what their client did.",
        {{"reason", kH2AbuseNames[i]}});
  }
  return counters;
}

}  // namespace

Instruments::Instruments(int workers)
    : registry(workers + 1),
      access_log(workers),
      accepted_connections(
          registry.counter("weir_accepted_connections_total", "Client connections accepted.")),
      refused_by_listener(refused_connections(registry, "listener")),
      refused_by_address(refused_connections(registry, "address")),
      refused_by_header(refused_connections(registry, "proxy_header")),
      refused_for_descriptors(refused_connections(registry, "descriptors")),
      closed_idle(registry.counter("weir_closed_idle_connections_total",
                                   "Idle client connections closed to make room for others.")),
      accept_starvations(registry.counter("weir_accept_starvations_total",
                                          "Times accepting paused for want of file descriptors.")),
      memory_pauses(registry.counter("weir_memory_pauses_total",
                                     "Times accepting paused because buffers were full.")),
      h2_abuses(h2_abuse_counters(registry)) {}

void register_series(observe::Registry& registry, proxy::Snapshot& snapshot) {
  for (proxy::ListenerPlan& listener : snapshot.listeners) {
    listener.unrouted = observe::exchange_series(registry, {.listener = listener.settings->name});
    if (listener.tls) register_tls(registry, listener.settings->name, *listener.tls);
  }
  for (proxy::RoutePlan& route : snapshot.routes) register_route(registry, snapshot, route);
}

std::string render_metrics(const Instruments& instruments, const proxy::Snapshot& snapshot,
                           const ReloadHistory& reloads, const UpgradeHistory& upgrades) {
  std::string text;
  Exposition page(text);
  instruments.registry.render(page);
  instruments.access_log.render(page);
  render_endpoints(page, snapshot);
  render_connections(page, snapshot);
  render_certificates(page, snapshot);
  render_weights(page, snapshot);
  render_mirrors(page, snapshot);
  page.family("weir_buffer_bytes", MetricType::gauge, "Bytes in buffers that grow with traffic.");
  page.sample({}, snapshot.buffer_bytes->held());
  page.family("weir_config_generation", MetricType::gauge,
              "Generation of the configuration in force.");
  page.sample({}, snapshot.generation);
  render_reloads(page, reloads);
  page.family("weir_failed_upgrades_total", MetricType::counter,
              "Times a new process was started in this one's place and did not come to serve.");
  page.sample({}, upgrades.failed);
  page.family("weir_build_info", MetricType::gauge, "1, with the version as a label.");
  page.sample({{"version", kVersion}}, 1);
  return text;
}

}  // namespace weir::server
