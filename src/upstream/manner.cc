// Small decisions about connecting, in one place.
#include "upstream/manner.h"

#include "upstream/cluster.h"

namespace weir::upstream {

Manner Manner::of(const ClusterSetup& setup) {
  Manner manner;
  manner.protocol = setup.settings.protocol;
  manner.proxy_protocol = setup.settings.proxy_protocol;
  manner.tls = setup.tls;
  if (setup.settings.tls) manner.server_name = setup.settings.tls->server_name;
  return manner;
}

net::ConnectSetup Manner::setup_for(const Endpoint& endpoint,
                                    const net::ProxyAddresses& client) const {
  net::ConnectSetup setup;
  if (proxy_protocol != config::SendProxy::off) {
    const auto version =
        proxy_protocol == config::SendProxy::v1 ? net::ProxyVersion::v1 : net::ProxyVersion::v2;
    if (client.source == IpAddress{}) {
      setup.header.emplace(version);
    } else {
      setup.header.emplace(version, client);
    }
  }
  if (tls) {
    setup.tls = tls;
    setup.server_name = server_name.empty() ? name_for_tls(endpoint) : server_name;
  }
  return setup;
}

std::string_view alpn_of(config::UpstreamProtocol protocol) {
  return protocol == config::UpstreamProtocol::http2 ? "h2" : "http/1.1";
}

std::string name_for_tls(const Endpoint& endpoint) {
  if (endpoint.address().is_unix()) return {};
  const std::string& said = endpoint.from().empty() ? endpoint.name() : endpoint.from();
  const std::size_t colon = said.rfind(':');
  if (colon == std::string::npos) return {};
  const bool bracketed = said.front() == '[';
  return bracketed ? said.substr(1, colon - 2) : said.substr(0, colon);
}

}  // namespace weir::upstream
