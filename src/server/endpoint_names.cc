// Looks up all names of endpoints side by side and waits for the last answer.
#include "server/endpoint_names.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <weir/limits.h>

#include "config/addresses.h"
#include "net/loop.h"
#include "net/resolver.h"

namespace weir::server {
namespace {

// One host name on its way.
class NameLookup final : net::ResolveEvents {
 public:
  NameLookup(net::Resolver& resolver, const std::string& host) {
    lookup_ = resolver.find_addresses(host, *this);
  }

  const Result<IpAddress>& answer() const { return answer_; }
  bool done() const { return done_; }

 private:
  void on_resolved(net::Resolved answer) override {
    answer_ = answer.addresses.front().address.ip;
    done_ = true;
  }
  void on_resolve_failed(const net::ResolveFailure& failure) override {
    const bool late = failure.kind == net::ResolveFailure::Kind::timeout;
    answer_ = Failure(Error{late ? Errc::resolve_timeout : Errc::resolve_failed});
    done_ = true;
  }

  bool done_ = false;
  Result<IpAddress> answer_ = Failure(Error{Errc::resolve_timeout});
  std::unique_ptr<net::Lookup> lookup_;
};

}  // namespace

std::optional<SocketAddress> literal_address(const config::Address& address) {
  if (address.host != "localhost") return config::literal(address);
  config::Address here = address;
  here.host = "127.0.0.1";
  return config::literal(here);
}

SocketAddress ResolvedNames::at(const config::Address& address) const {
  if (const auto literal = literal_address(address)) return *literal;
  const auto host = hosts_.find(address.host);
  const IpAddress ip = host == hosts_.end() ? IpAddress{} : host->second;
  return SocketAddress{.ip = ip, .port = address.port, .unix_path = {}};
}

ResolvedNames resolve_endpoints(std::span<const config::Cluster> clusters) {
  net::Loop loop;
  net::Resolver resolver(loop, {.timeout = limits::kResolveTimeout});
  std::map<std::string, std::unique_ptr<NameLookup>> lookups;
  for (const config::Cluster& cluster : clusters) {
    for (const config::Endpoint& endpoint : cluster.endpoints) {
      const std::string& host = endpoint.address.host;
      if (literal_address(endpoint.address) || lookups.contains(host)) continue;
      lookups[host] = std::make_unique<NameLookup>(resolver, host);
    }
  }
  const auto under_way = [](const auto& entry) { return !entry.second->done(); };
  while (std::ranges::any_of(lookups, under_way)) loop.run_once();

  ResolvedNames names;
  for (const auto& [host, lookup] : lookups) {
    if (lookup->answer()) names.hosts_[host] = *lookup->answer();
  }
  for (const config::Cluster& cluster : clusters) {
    for (const config::Endpoint& endpoint : cluster.endpoints) {
      const auto lookup = lookups.find(endpoint.address.host);
      if (literal_address(endpoint.address) || lookup == lookups.end() || lookup->second->answer())
        continue;
      names.unresolved_.push_back(
          {endpoint.place, config::to_string(endpoint.address), lookup->second->answer().error()});
    }
  }
  return names;
}

}  // namespace weir::server
