// Keeps names of endpoints up to date: asks again when an answer has expired, and makes endpoints
// come and go by the way that an operator's changes take. Owned by the supervisor, on its loop,
// from the start of the workers until the process drains. Never takes an endpoint away because a
// name server fails, or says that there is nothing: the last good answer stays.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/config.h>

#include "net/loop.h"
#include "net/resolver.h"
#include "observe/metrics.h"
#include "server/endpoint_names.h"
#include "server/process_state.h"

namespace weir::server {

class NameWatch {
 public:
  // Counts in `cells`, which are of the supervisor's thread. Everything outlives this.
  NameWatch(net::Loop& loop, ProcessState& state, observe::Registry& registry,
            observe::Cells& cells);
  ~NameWatch();
  NameWatch(const NameWatch&) = delete;
  NameWatch& operator=(const NameWatch&) = delete;

  // The clusters in force are others than before, or have other endpoints: names that are new are
  // watched, others are no more. May be called from inside a change that this makes itself.
  void adopt();
  // Nothing is asked any more.
  void stop();

 private:
  class Name;
  using Names = std::map<NameQuestion, std::unique_ptr<Name>>;

  void take_settings(const config::Resolver& settings);
  void take(const NameQuestion& question, net::Resolved answer);
  bool replan(const std::shared_ptr<upstream::Cluster>& cluster, const NameQuestion& question);

  net::Loop& loop_;
  ProcessState& state_;
  observe::Registry& registry_;
  observe::Cells& cells_;
  bool stopped_ = false;
  std::optional<config::Resolver> settings_;
  std::unique_ptr<net::Resolver> resolver_;
  Names names_;  // after the resolver: lookups go first
};

}  // namespace weir::server
