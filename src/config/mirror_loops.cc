// Mirrors whose copies would come back to a listener of the same file.
// Called by references.cc when the whole file has been read.
// Never resolves a name: of names, only localhost is known.
#include <fmt/format.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "base/ascii.h"
#include "config/addresses.h"
#include "config/plain_text.h"
#include "config/sections.h"

namespace weir::config {
namespace {

using Sockets = std::unordered_map<std::string, const Listener*>;

Sockets sockets_of(const std::vector<Listener>& listeners) {
  Sockets out;
  for (const Listener& listener : listeners) {
    const std::optional<SocketAddress> socket = literal(listener.address);
    if (!socket || (!socket->is_unix() && socket->port == 0)) continue;
    out.emplace(to_string(*socket), &listener);
  }
  return out;
}

// Where a connection to an endpoint may arrive: at a listener on its address, or, when it stays on
// this machine, at one on every address. Connecting to 0.0.0.0 or [::] reaches this machine too.
std::vector<Address> arrivals(const Address& endpoint) {
  const auto at = [&](std::string host) {
    return Address{.host = std::move(host), .port = endpoint.port, .unix_path = {}};
  };
  std::vector<Address> here = {at("127.0.0.1"), at("0.0.0.0"), at("::1"), at("::")};
  const std::optional<IpAddress> ip = endpoint.is_unix() ? std::nullopt : parse_ip(endpoint.host);
  if (!ip)
    return ascii::equals_ignoring_case(endpoint.host, "localhost") ? here : std::vector{endpoint};
  if (*ip == parse_ip("0.0.0.0") || *ip == parse_ip("::")) return here;
  if (!ip->is_loopback()) return {endpoint};
  return {endpoint, at(ip->is_v4() ? "0.0.0.0" : "::")};
}

const Listener* reached_by(const Cluster& cluster, const Sockets& sockets) {
  for (const Endpoint& endpoint : cluster.endpoints) {
    for (const Address& address : arrivals(endpoint.address)) {
      const std::optional<SocketAddress> socket = literal(address);
      const auto found = socket ? sockets.find(to_string(*socket)) : sockets.end();
      if (found != sockets.end()) return found->second;
    }
  }
  return nullptr;
}

bool has_mirrors(const Config& config) {
  for (const Route& route : config.routes) {
    if (!route.mirrors.empty()) return true;
  }
  return false;
}

}  // namespace

void check_mirror_loops(Reader& reader, const Config& config) {
  if (!has_mirrors(config)) return;
  const Sockets sockets = sockets_of(config.listeners);
  std::unordered_map<std::string_view, const Listener*> reached;
  for (const Cluster& cluster : config.clusters) {
    reached.emplace(cluster.name, reached_by(cluster, sockets));
  }
  for (const Route& route : config.routes) {
    for (const Mirror& mirror : route.mirrors) {
      const auto found = reached.find(mirror.cluster);
      if (found == reached.end() || found->second == nullptr) continue;
      Node at;
      at.line = mirror.place.line;
      at.column = mirror.place.column;
      reader.error(at, fmt::format("mirrors to listener '{}' of this very file: a loop; mirror to "
                                   "another cluster",
                                   printable(found->second->name)));
    }
  }
}

}  // namespace weir::config
