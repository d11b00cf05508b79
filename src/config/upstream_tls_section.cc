// clusters.NAME.tls: how connections to the endpoints are encrypted, and what is demanded of them.
// Called by cluster_section.cc.
// Never judges what is in the files it names; the snapshot builder does.
#include <fmt/format.h>

#include "config/addresses.h"
#include "config/choices.h"
#include "config/keys.h"
#include "config/named_file.h"
#include "config/plain_text.h"
#include "config/sections.h"

namespace weir::config {
namespace {

void read_server_name(Reader& reader, const Node& node, UpstreamTls& tls) {
  read_as(reader, node, tls.server_name, parse_host);
}

template <NamedFile UpstreamTls::* File>
void read_tls_file(Reader& reader, const Node& node, UpstreamTls& tls) {
  read_file_name(reader, node, tls.*File);
}

constexpr Key<UpstreamTls> kUpstreamTlsKeys[] = {
    {"server_name", read_server_name},
    {"ca", read_tls_file<&UpstreamTls::ca>},
    {"certificate", read_tls_file<&UpstreamTls::certificate>},
    {"key", read_tls_file<&UpstreamTls::key>},
    key<&UpstreamTls::verify>("verify"),
    key_choice<&UpstreamTls::min_version, kTlsVersions>("min_version"),
};

void check_endpoint_names(Reader& reader, const Node& node, const Cluster& cluster) {
  if (!cluster.tls->verify || !cluster.tls->server_name.empty()) return;
  for (const Endpoint& endpoint : cluster.endpoints) {
    if (!endpoint.address.is_unix() && endpoint.service.empty()) continue;
    reader.error(node, fmt::format("endpoint {} has no host name that its certificate could have: "
                                   "say server_name",
                                   to_string(endpoint)));
    return;
  }
}

}  // namespace

void read_upstream_tls(Reader& reader, const Node& node, Cluster& cluster) {
  UpstreamTls& tls = cluster.tls.emplace();
  tls.place = reader.place(node);
  read_section(reader, node, tls, kUpstreamTlsKeys);
  if (!node.is_map()) return;
  const Node* certificate = node.find("certificate");
  const Node* key = node.find("key");
  if (certificate != nullptr && key == nullptr) {
    reader.error(*certificate, "a certificate needs its `key`");
  } else if (key != nullptr && certificate == nullptr) {
    reader.error(*key, "a key needs its `certificate`");
  }
  if (tls.verify) return;
  if (const Node* ca = node.find("ca")) {
    reader.error(*ca, "nobody is asked for with verify: false: remove one of them");
  }
  reader.warn(*node.find("verify"),
              fmt::format("cluster '{}': endpoints' certificates are not verified: whoever is in "
                          "between reads and changes everything",
                          printable(cluster.name)));
}

void check_upstream_tls(Reader& reader, const Node& node, const Cluster& cluster) {
  if (cluster.tls) check_endpoint_names(reader, *node.find("tls"), cluster);
}

void list_upstream_tls(KeyList& out, const std::string& path) {
  list_keys<kUpstreamTlsKeys>(out, path);
}

}  // namespace weir::config
