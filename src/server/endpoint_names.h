// Names of endpoints and what they stand for: what is asked of name servers, what they answered
// last, and the endpoints that an entry of a file makes of that. Used by the snapshot builder, the
// admin API and NameWatch, on the supervisor's thread. Blocks its caller for names that are new,
// with a bound; never a worker, and never for a name that is watched.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <weir/address.h>
#include <weir/config.h>

#include "net/resolver.h"

namespace weir::server {

// The address of what needs no name server: an IP literal, localhost or a unix path. Nothing
// otherwise.
std::optional<SocketAddress> literal_address(const config::Address& address);

struct NameQuestion {
  std::string name;
  bool service = false;  // for SRV records; else for addresses
  auto operator<=>(const NameQuestion&) const = default;
};

// Nothing for an entry that needs no name server.
std::optional<NameQuestion> question_of(const config::Endpoint& entry);

struct KnownName {
  net::Resolved answer;  // the last good one
  std::string failing;   // why the last lookup failed; empty: it did not
  bool watched = false;  // is kept up to date
};

// What name servers have said. Knowing more changes nothing that is in force.
class KnownNames {
 public:
  // Null when nothing good is known.
  const KnownName* find(const NameQuestion& question) const;
  // True when the addresses are others than before.
  bool learn(const NameQuestion& question, net::Resolved answer);
  void fail(const NameQuestion& question, std::string_view cause);
  // Those are watched from now on; the others are forgotten.
  void watch_only(const std::set<NameQuestion>& questions);

 private:
  std::map<NameQuestion, KnownName> names_;
};

// One of the endpoints that an entry stands for.
struct EntryEndpoint {
  std::string name;  // the key in APIs, logs and metrics: a name's endpoints go by their addresses
  SocketAddress address;
  std::uint32_t weight = 1;
  bool backup = false;
  std::string from;  // the name it came by, as the file says it; empty where it came by none
};

// Of a name that is not known one with the unspecified address, under the entry's own name.
std::vector<EntryEndpoint> endpoints_of(const config::Endpoint& entry, const KnownNames& names);

struct UnresolvedName {
  config::Place place;
  std::string message;  // "endpoint app.internal:8080 does not resolve: ..."
};

net::ResolverSettings resolver_settings(const config::Resolver& resolver);

// Looks up the clusters' names that are not watched, all at once, and adds the answers to `names`.
// Those that failed and of which nothing is known come back.
std::vector<UnresolvedName> resolve_new_names(std::span<const config::Cluster> clusters,
                                              const config::Resolver& resolver, KnownNames& names);

// A line for each of the cluster's names whose last lookup failed: it goes on with what was known.
std::vector<std::string> failing_names(const config::Cluster& cluster, const KnownNames& names);

}  // namespace weir::server
