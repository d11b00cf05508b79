// A worker's connections to the endpoints of one cluster: LIFO idle lists (of HTTP/1; those of
// HTTP/2 are in h2_connections.h), connecting, waiting when the cluster's limits are reached, and
// the balancer that picks. Nothing here knows why a request goes to this cluster or what is
// retried. Owned by the worker's snapshot; on one worker's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <weir/balancer.h>
#include <weir/error.h>

#include "base/buffer.h"
#include "base/chunk.h"
#include "base/intrusive_list.h"
#include "net/connector.h"
#include "net/deferred.h"
#include "net/retire_list.h"
#include "net/timer_wheel.h"
#include "upstream/cluster.h"
#include "upstream/connection.h"
#include "upstream/h2_connections.h"
#include "upstream/h2_toolbox.h"
#include "upstream/lease_request.h"
#include "upstream/manner.h"
#include "upstream/outliers.h"
#include "upstream/retry_budget.h"

namespace weir::upstream {

class ClusterPool;

// What a pool needs of its worker. Everything outlives the pool.
struct PoolEnvironment {
  net::Connector& connector;
  net::TimerWheel& wheel;
  net::RetireList& retired;
  Buffer& out;  // scratch for composing what is written; empty between writes
  ChunkPool& chunks;
  net::DeferredList& flushes;
  std::uint32_t workers = 1;
  net::TlsEngine* tls = nullptr;  // null where no cluster has TLS
};

using ConnectionList = IntrusiveList<Connection, &Connection::link_>;

// A worker's connections to one endpoint. Lives as long as the endpoint is one of the cluster's,
// and then until nobody uses it any more.
class EndpointPool {
 public:
  EndpointPool(ClusterPool& cluster, std::shared_ptr<Endpoint> endpoint);
  ~EndpointPool();
  EndpointPool(const EndpointPool&) = delete;
  EndpointPool& operator=(const EndpointPool&) = delete;

  Endpoint& endpoint() { return *endpoint_; }
  const std::shared_ptr<Endpoint>& shared_endpoint() const { return endpoint_; }
  // An attempt is made here, and is over: counted with the endpoint, and what keeps this alive.
  void begin_attempt();
  void end_attempt();
  // The connection used last that the request may use, if one idles, or a free stream of one that
  // requests share; else an empty lease.
  Lease take_idle(const LeaseRequest& request);
  // Of a connection that requests share alone.
  Lease take_shared() { return h2_.take(); }
  // Waits for a connection that others wait for and that requests will share. False: there is none.
  bool join(LeaseRequest& request) { return h2_.join(request); }
  void connect(LeaseRequest& request);
  // The endpoint is no longer one of the cluster's: idle connections close, busy ones after use.
  void leave();
  bool leaving() const { return leaving_; }
  bool in_use() const { return attempts_ > 0 || !idle_.empty() || !busy_.empty() || !h2_.empty(); }
  std::size_t idle_count() const { return idle_count_ + h2_.idle_count(); }
  // What was agreed with the endpoint, and every idle connection, is of no use any more.
  void forget_manner();
  // Closes the connection that has idled longest, for a caller that takes its slot; false when none
  // idles.
  bool close_oldest_idle();

 private:
  friend class Connection;
  friend class H2Connection;
  friend class H2Connections;
  friend class LeaseRequest;

  // `client`: whom the connection speaks for.
  std::unique_ptr<net::ConnectTicket> dial(const net::ProxyAddresses& client,
                                           net::ConnectEvents& events);
  void give_back(Connection& connection);
  void close(Connection& connection);
  // close() without offering the slot to a waiting request.
  void discard(Connection& connection);
  const PoolEnvironment& environment() const;
  Connection* find_idle(const LeaseRequest& request);
  bool has_idle_room();
  net::TimeMs idle_timeout_ms(const Connection& connection) const;

  ClusterPool& cluster_;
  const std::shared_ptr<Endpoint> endpoint_;
  ConnectionList idle_;  // most recently used first
  ConnectionList busy_;  // connecting or leased
  net::TlsSession session_;
  H2Connections h2_;
  std::size_t idle_count_ = 0;
  std::size_t attempts_ = 0;
  bool leaving_ = false;
};

class ClusterPool {
 public:
  ClusterPool(std::shared_ptr<Cluster> cluster, std::shared_ptr<const ClusterSetup> setup,
              std::unique_ptr<Balancer> balancer, const PoolEnvironment& environment);
  ~ClusterPool();
  ClusterPool(const ClusterPool&) = delete;
  ClusterPool& operator=(const ClusterPool&) = delete;

  // Takes up what the cluster has become. Endpoints that stay keep their connections, the balancer
  // its position; `balancer` is null unless the algorithm is another one.
  void update(std::shared_ptr<const ClusterSetup> setup, std::unique_ptr<Balancer> balancer);
  // Closes idle connections to endpoints that an operator has taken out.
  void close_idle_of_stopped();
  // Grows with every update(): indexes of endpoints mean nothing across one.
  std::uint64_t generation() const { return generation_; }

  const Cluster& cluster() const { return *cluster_; }
  const std::shared_ptr<const ClusterSetup>& setup() const { return setup_; }
  const config::Cluster& settings() const { return setup_->settings; }
  std::size_t endpoint_count() const { return endpoint_pointers_.size(); }
  EndpointPool& at(std::size_t index) { return *pools_[index]; }
  // Does it speak HTTP/2 to its endpoints, so that requests share connections?
  bool http2() const { return manner_.http2(); }
  // Are its connections for one client each?
  bool names_clients() const { return manner_.proxy_protocol != config::SendProxy::off; }

  // The endpoint for a request, or kNoEndpoint.
  std::size_t pick(const PickContext& context);
  void observe_latency(std::size_t index, std::uint64_t latency_ns, std::uint64_t now_ns) {
    balancer_->observe(index, latency_ns, now_ns);
  }

  // Of the requests under way, and of the retries among them, over all workers; false at the
  // cluster's limit.
  bool admit(Slot& slot) {
    return cluster_->add_request(settings().connections.max_requests, slot);
  }
  bool admit_retry(Slot& slot) {
    return cluster_->add_retry(settings().connections.max_retries, slot);
  }
  // How a request to the endpoint went; an empty fault: well.
  void judge(EndpointPool& at, Fault fault) {
    if (!at.leaving())
      upstream::judge(*cluster_, *setup_, at.endpoint(), fault, environment_.wheel.now());
  }

  // Opens a new connection to the endpoint for `request`, or queues it while the cluster is at its
  // limits. overloaded: the queue is full.
  Error request(EndpointPool& to, LeaseRequest& request);

  // The cluster's retry budget on this worker: first attempts earn, retries spend.
  void earn_retry() { budget_.earn(); }
  bool spend_retry(int percent) { return budget_.spend(percent, environment_.wheel.now()); }

 private:
  friend class EndpointPool;
  friend class H2Connection;
  friend class H2Connections;
  friend class LeaseRequest;

  bool force_all();
  std::size_t last_resort(std::uint64_t tried) const;
  bool make_room();
  void take_up_manner(Manner manner);
  void remove_connection() { cluster_->remove_connection(); }
  void drop_unused();
  // Calls the request that has waited longest. False: none waits, or it waits again.
  bool slot_freed();
  void queue_timer_fired();
  void watch_others();
  void yield_timer_fired();

  const std::shared_ptr<Cluster> cluster_;
  std::shared_ptr<const ClusterSetup> setup_;
  std::unique_ptr<Balancer> balancer_;
  const PoolEnvironment environment_;
  std::unique_ptr<H2Toolbox> h2_toolbox_;  // once it has spoken HTTP/2
  std::vector<const Endpoint*> endpoint_pointers_;
  std::vector<std::unique_ptr<EndpointPool>> pools_;    // in the setup's order
  std::vector<std::unique_ptr<EndpointPool>> leaving_;  // of endpoints that are no longer in it
  std::uint64_t generation_ = 0;
  Manner manner_;              // of connecting
  std::uint32_t manners_ = 0;  // that there were; a connection of an earlier one is not used again
  IntrusiveList<LeaseRequest, &LeaseRequest::link_> queue_;
  net::TimerEntry queue_timer_;
  net::TimerEntry yield_timer_;
  RetryBudget budget_;
  std::size_t idle_max_per_endpoint_ = 0;
};

}  // namespace weir::upstream
