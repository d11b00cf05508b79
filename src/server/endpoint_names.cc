// Looks up all names of endpoints side by side and waits for the last answer.
#include "server/endpoint_names.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "config/addresses.h"
#include "net/loop.h"
#include "net/resolver.h"

namespace weir::server {
namespace {

constexpr std::chrono::milliseconds kResolveTimeout{5000};

// One host name on its way.
class NameLookup final : net::ResolveEvents {
 public:
  NameLookup(net::Loop& loop, const std::string& host) : host_(host) {
    lookup_ = net::resolve(loop, host, 0, kResolveTimeout, *this);
  }

  const std::string& host() const { return host_; }
  const Result<IpAddress>& answer() const { return answer_; }
  bool done() const { return done_; }

 private:
  void on_resolved(std::vector<SocketAddress> addresses) override {
    answer_ = addresses.front().ip;
    done_ = true;
  }
  void on_resolve_failed(Error error) override {
    answer_ = Failure(error);
    done_ = true;
  }

  const std::string host_;
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
  std::map<std::string, std::unique_ptr<NameLookup>> lookups;
  for (const config::Cluster& cluster : clusters) {
    for (const config::Endpoint& endpoint : cluster.endpoints) {
      const std::string& host = endpoint.address.host;
      if (literal_address(endpoint.address) || lookups.contains(host)) continue;
      lookups[host] = std::make_unique<NameLookup>(loop, host);
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
