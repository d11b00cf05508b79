// clusters: a map of names, each a group of endpoints and how requests are divided among them.
// Called by file_section.cc.
// Never resolves an endpoint's name.
#include <fmt/format.h>

#include <unordered_map>

#include <weir/limits.h>

#include "config/addresses.h"
#include "config/choices.h"
#include "config/http_values.h"
#include "config/keys.h"
#include "config/plain_text.h"
#include "config/sections.h"

namespace weir::config {
namespace {

void read_endpoint_address(Reader& reader, const Node& node, Endpoint& endpoint) {
  read_as(reader, node, endpoint.address, parse_endpoint_address);
}

void read_service(Reader& reader, const Node& node, Endpoint& endpoint) {
  read_as(reader, node, endpoint.service, parse_service);
}

constexpr Key<Endpoint> kEndpointKeys[] = {
    {"address", read_endpoint_address},
    {"service", read_service},
    key_between<&Endpoint::weight, 0, limits::kEndpointWeight>("weight"),
    key<&Endpoint::backup>("backup"),
};

constexpr Key<Connections> kConnectionKeys[] = {
    key_between<&Connections::max, 0, kAnyCount>("max"),
    key_between<&Connections::max_pending, 0, kAnyCount>("max_pending"),
    key_between<&Connections::idle, 0, kAnyCount>("idle"),
    key<&Connections::idle_timeout>("idle_timeout"),
    key<&Connections::connect_timeout>("connect_timeout"),
    key_between<&Connections::max_requests, 0, kAnyCount>("max_requests"),
    key_between<&Connections::max_streams, 1, limits::kH2EndpointStreamsMost>("max_streams"),
    key_between<&Connections::max_retries, 0, kAnyCount>("max_retries"),
};

void read_endpoint(Reader& reader, const Node& node, Endpoint& endpoint) {
  endpoint.place = reader.place(node);
  if (node.is_scalar()) return read_endpoint_address(reader, node, endpoint);
  if (!node.is_map()) {
    reader.error(node, "expected an address, or keys with an address");
    return;
  }
  read_section(reader, node, endpoint, kEndpointKeys);
  const Node* service = node.find("service");
  if (service == nullptr) {
    if (node.find("address") == nullptr) reader.error(node, "the endpoint has no address");
    return;
  }
  if (node.find("address") != nullptr) {
    reader.error(*service, "an endpoint has an address or a service: remove one of them");
  }
  if (const Node* weight = node.find("weight")) {
    reader.error(*weight, "a service's weights are those of its SRV records: remove weight");
  }
}

void check_endpoints(Reader& reader, const Node& node, const std::vector<Endpoint>& endpoints) {
  std::unordered_map<std::string, int> lines;
  bool any_weight = false;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const Endpoint& endpoint = endpoints[i];
    any_weight = any_weight || endpoint.weight > 0;
    if (endpoint.address == Address{} && endpoint.service.empty()) continue;  // reported
    const std::string address = to_string(endpoint);
    const auto [first, is_new] = lines.emplace(address, endpoint.place.line);
    if (is_new) continue;
    reader.error(*node.entries[i].value,
                 fmt::format("endpoint {} is here twice, first at line {}: use weight for a larger "
                             "share",
                             address, first->second));
  }
  if (endpoints.empty()) {
    reader.error(node, "no endpoints: the cluster needs at least one");
  } else if (!any_weight) {
    reader.error(node, "no endpoint can take requests: all weights are 0");
  }
}

void read_endpoints(Reader& reader, const Node& node, Cluster& cluster) {
  if (!reader.expect(node, NodeKind::sequence)) return;
  cluster.endpoints.resize(node.entries.size());
  for (std::size_t i = 0; i < node.entries.size(); ++i) {
    read_endpoint(reader, *node.entries[i].value, cluster.endpoints[i]);
  }
  check_endpoints(reader, node, cluster.endpoints);
}

constexpr Key<Cluster> kClusterKeys[] = {
    {"balance", read_balance, list_balance},
    {"endpoints", read_endpoints, list_elements<kEndpointKeys>},
    key_section<&Cluster::connections, kConnectionKeys>("connections"),
    key_choice<&Cluster::proxy_protocol, kSendProxy>("proxy_protocol"),
    key_between<&Cluster::min_available, 0, kAnyCount>("min_available"),
    {"health_check", read_health_check, list_health_check},
    {"outlier", read_outlier, list_outlier},
    key_choice<&Cluster::when_all_unhealthy, kWhenAllUnhealthy>("when_all_unhealthy"),
    key_from_zero<&Cluster::slow_start>("slow_start"),
    key_choice<&Cluster::protocol, kUpstreamProtocols>("protocol"),
    {"tls", read_upstream_tls, list_upstream_tls},
};

// A socket file has no other port.
void check_port(Reader& reader, const Node& node, const Cluster& cluster) {
  if (!cluster.health_check || cluster.health_check->port == 0) return;
  for (const Endpoint& endpoint : cluster.endpoints) {
    if (!endpoint.address.is_unix()) continue;
    reader.error(*node.find("health_check")->find("port"),
                 fmt::format("endpoint {} is a unix socket and has no port: remove port",
                             to_string(endpoint.address)));
    return;
  }
}

// Names may stand for more endpoints than there are entries.
void check_min_available(Reader& reader, const Node& node, const Cluster& cluster) {
  const auto is_one = [](const Endpoint& endpoint) {
    return endpoint.service.empty() && literal(endpoint.address).has_value();
  };
  const std::size_t count = cluster.endpoints.size();
  if (cluster.min_available <= count || !std::ranges::all_of(cluster.endpoints, is_one)) return;
  reader.warn(
      *node.find("min_available"),
      fmt::format("more than the {} endpoint{} there {}: none can be taken out but by force", count,
                  count == 1 ? "" : "s", count == 1 ? "is" : "are"));
}

// The header is said of a connection, and one connection carries the requests of many clients.
void check_protocol(Reader& reader, const Node& node, const Cluster& cluster) {
  const bool shared = cluster.protocol == UpstreamProtocol::http2;
  if (!shared || cluster.proxy_protocol == SendProxy::off) return;
  reader.error(*node.find("proxy_protocol"),
               "with protocol: http2 a connection carries the requests of many clients, and its "
               "header can name one: remove proxy_protocol (X-Forwarded-For names the client of "
               "each request), or write protocol: http1");
}

void read_cluster(Reader& reader, const Entry& entry, Config& config) {
  Cluster& cluster = config.clusters.emplace_back();
  cluster.name = entry.key->text;
  cluster.place = reader.place(*entry.key);
  const Parsed<std::string> name = parse_name(cluster.name);
  if (!name) reader.error(*entry.key, name.error());
  read_section(reader, *entry.value, cluster, kClusterKeys);
  check_port(reader, *entry.value, cluster);
  check_min_available(reader, *entry.value, cluster);
  check_health_check(reader, *entry.value, cluster);
  check_protocol(reader, *entry.value, cluster);
  check_upstream_tls(reader, *entry.value, cluster);
  if (entry.value->is_map() && entry.value->find("endpoints") == nullptr) {
    reader.error(*entry.key, fmt::format("cluster '{}' has no endpoints", printable(cluster.name)));
  }
}

}  // namespace

void read_clusters(Reader& reader, const Node& node, Config& config) {
  if (!reader.expect(node, NodeKind::map)) return;
  config.clusters.reserve(node.entries.size());
  for (const Entry& entry : node.entries) read_cluster(reader, entry, config);
}

void list_clusters(KeyList& out, const std::string& path) {
  list_named<kClusterKeys>(out, path);
}

}  // namespace weir::config
