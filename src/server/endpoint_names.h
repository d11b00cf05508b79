// Resolves the names of clusters' endpoints, all at once and bounded in time, on a loop of
// its own. Blocks its caller (the supervisor), never a worker.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <weir/address.h>
#include <weir/config.h>
#include <weir/error.h>

namespace weir::server {

struct UnresolvedName {
  config::Place place;
  std::string address;
  Error error;
};

class ResolvedNames {
 public:
  // The socket address of an endpoint's address; of one that is unresolved, the unspecified one.
  SocketAddress at(const config::Address& address) const;
  const std::vector<UnresolvedName>& unresolved() const { return unresolved_; }

 private:
  friend ResolvedNames resolve_endpoints(std::span<const config::Cluster> clusters);
  std::map<std::string, IpAddress> hosts_;
  std::vector<UnresolvedName> unresolved_;
};

ResolvedNames resolve_endpoints(std::span<const config::Cluster> clusters);

// The same for an address that must not need a name server: an IP literal, localhost or a unix
// path. Nothing otherwise.
std::optional<SocketAddress> literal_address(const config::Address& address);

}  // namespace weir::server
