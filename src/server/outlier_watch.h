// The supervisor's part of passive health: tells of the endpoints that workers have ejected, brings
// them back when their time is over, ejects by success rate, and ends use_all when somebody is well
// again. Looks ten times a second; costs one load while nothing has changed.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <weir/config.h>
#include <weir/endpoint.h>

#include "net/timer_wheel.h"
#include "observe/metrics.h"
#include "server/slow_starts.h"
#include "upstream/cluster.h"

namespace weir::server {

class OutlierWatch {
 public:
  OutlierWatch(observe::Registry& registry, observe::Cells& cells, SlowStarts& slow_starts)
      : registry_(registry), cells_(cells), slow_starts_(slow_starts) {}

  // The clusters in force.
  void adopt(const std::vector<std::shared_ptr<upstream::Cluster>>& clusters, net::TimeMs now);
  void tick(net::TimeMs now);

 private:
  struct Watched {
    std::shared_ptr<Endpoint> endpoint;
    std::uint32_t told = 0;  // of its ejections
    observe::CounterId ejections;
  };
  struct Group {
    std::shared_ptr<upstream::Cluster> cluster;
    std::vector<Watched> endpoints;
    net::TimeMs rates_due = 0;

    const config::Cluster& settings() const { return cluster->settings(); }
  };

  // True while there is something to wait for.
  bool look(Group& group, net::TimeMs now);
  void tell(const Group& group, Watched& watched, std::string_view why);
  void bring_back(const Group& group, const Watched& watched, net::TimeMs now);
  void compare_rates(Group& group, net::TimeMs now);

  observe::Registry& registry_;
  observe::Cells& cells_;
  SlowStarts& slow_starts_;
  std::vector<Group> groups_;
  std::uint64_t seen_changes_ = 0;  // of endpoints
  bool waiting_ = false;            // somebody is out or forced
};

}  // namespace weir::server
