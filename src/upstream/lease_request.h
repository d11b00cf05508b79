// A request for a lease in the making, and what becomes of it. Embedded in the attempt; between it
// and the pool, whatever protocol is spoken to endpoints.
#pragma once

#include <weir/error.h>

#include "base/intrusive_list.h"
#include "net/proxy_header.h"
#include "upstream/carrier.h"

namespace weir::upstream {

class ClusterPool;
class Connection;
class EndpointPool;
class H2Connection;

// What becomes of a request for a lease.
class LeaseEvents {
 public:
  // A connection to the endpoint asked for.
  virtual void on_lease(Lease lease) = 0;
  virtual void on_lease_failed(Error error) = 0;
  // A slot came free for a request that waited: pick again and ask again.
  virtual void on_slot_free() = 0;

 protected:
  ~LeaseEvents() = default;
};

// A request for a lease in the making, embedded in the attempt. Destroying or cancelling it ends
// the wait.
class LeaseRequest {
 public:
  explicit LeaseRequest(LeaseEvents& events) : events_(events) {}
  ~LeaseRequest() { cancel(); }
  LeaseRequest(const LeaseRequest&) = delete;
  LeaseRequest& operator=(const LeaseRequest&) = delete;
  void cancel();
  bool waiting() const { return connecting_ != nullptr || link_.linked(); }
  bool queued() const { return queued_in_ != nullptr; }

  // Where connections name their clients: whose this is. Set before a lease is asked for; another
  // client's connection is never taken.
  net::ProxyAddresses client;

 private:
  friend class ClusterPool;
  friend class EndpointPool;
  friend class Connection;
  friend class H2Connection;
  LeaseEvents& events_;
  Connection* connecting_ = nullptr;
  H2Connection* joined_ = nullptr;  // that is connecting
  ClusterPool* queued_in_ = nullptr;
  bool called_ = false;  // from the queue, and not yet served

 public:
  Link link_;  // in the cluster's queue, or that of the connection it has joined
};

}  // namespace weir::upstream
