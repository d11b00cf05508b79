// What operators have made of endpoints while the process runs: who changed a state or a weight,
// and sets of endpoints that stand in for the file's. States and weights themselves are in the
// endpoints, where workers read them. On the supervisor's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/config.h>
#include <weir/endpoint.h>

#include "server/change.h"
#include "upstream/cluster.h"

namespace weir::server {

// What an operator can change of an endpoint.
struct EndpointSetting {
  EndpointState state = EndpointState::active;
  std::uint32_t weight = 1;

  bool takes_requests() const { return state == EndpointState::active && weight > 0; }
  bool operator==(const EndpointSetting&) const = default;
};
EndpointSetting setting_of(const Endpoint& endpoint);

using EndpointChange = Change<EndpointSetting>;
// A set that was replaced as a whole, by the names of its endpoints.
using SetChange = Change<std::vector<std::string>>;

// "active -> draining, weight 1"; what did not change stands without an arrow.
std::string words_of_change(const EndpointSetting& from, const EndpointSetting& to);

// What was set at run time, for another process.
struct KeptEndpoint {
  std::string cluster, endpoint;
  std::uint32_t weight_in_file;
  EndpointChange change;  // the last one: its `to` is in force
};
struct KeptSet {
  std::string cluster;
  std::vector<config::Endpoint> in_file, now;
  SetChange change;
};

class LiveEndpoints {
 public:
  using Setups = std::vector<std::shared_ptr<const upstream::ClusterSetup>>;

  // Sets state and weight of an endpoint, for every worker's next decision.
  const EndpointChange& change(std::string_view cluster, Endpoint& endpoint,
                               const EndpointSetting& to, std::string_view by,
                               std::uint64_t now_wall_ms);
  // Null when nobody has changed it.
  const EndpointChange* last_change(std::string_view cluster, const Endpoint& endpoint) const;

  // The endpoint is new, under a name that may have been here before: what operators have said of
  // that holds for this one too.
  void restore(std::string_view cluster, Endpoint& endpoint) const;

  // From now on `endpoints` stand in for those of the file, for as long as the file says the same.
  void replace(const config::Cluster& in_file, std::vector<config::Endpoint> endpoints,
               SetChange change);
  const SetChange* last_replacement(std::string_view cluster) const;
  // The cluster of a file with the endpoints that stand in for its own.
  config::Cluster in_force(const config::Cluster& in_file) const;
  // A line for each set that a new file would end; and for each weight.
  std::vector<std::string> sets_overruled_by(const config::Config& next) const;
  std::vector<std::string> weights_overruled_by(const config::Config& next,
                                                const config::Config& before) const;

  // The clusters of a new file are in force: forgets what belongs to others. `setups` are of its
  // clusters, in its order.
  void adopt(const config::Config& config, const Setups& setups);

  std::vector<KeptEndpoint> kept_endpoints(const Setups& setups) const;
  std::vector<KeptSet> kept_sets() const;
  // Of the process before this one: sets before the first snapshot is built, endpoints when it is,
  // and before it is in force. A line for each weight of which the file has another one by now.
  void take_over(std::vector<KeptSet> kept);
  std::vector<std::string> take_over(std::vector<KeptEndpoint> kept, const Setups& setups);

 private:
  struct Replacement {
    std::vector<config::Endpoint> in_file;
    std::vector<config::Endpoint> now;
    SetChange change;
  };
  using Key = std::pair<std::string, std::string>;  // cluster, endpoint

  std::map<Key, EndpointChange> changes_;
  std::map<std::string, Replacement, std::less<>> replacements_;  // by cluster
};

}  // namespace weir::server
