// A worker's HTTP/2 connections to one endpoint: which of them takes the next request, and which
// idle. There are few: a request goes to the first that has room, so that those opened for a rush
// idle when it is over. Part of the EndpointPool; on its thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include <weir/limits.h>

#include "base/intrusive_list.h"
#include "upstream/h2_connection.h"

namespace weir::upstream {

class EndpointPool;

class H2Connections {
 public:
  explicit H2Connections(EndpointPool& pool) : pool_(pool) {}
  H2Connections(const H2Connections&) = delete;
  H2Connections& operator=(const H2Connections&) = delete;

  EndpointPool& pool() { return pool_; }
  bool empty() const { return list_.empty(); }
  std::size_t idle_count() const { return idle_count_; }

  // Room on a connection that is there; else an empty lease.
  Lease take();
  // Waits for one that is being made, rather than have each request of a rush make its own. False:
  // there is none, or enough wait for it.
  bool join(LeaseRequest& request);
  // Makes one, which the caller has counted.
  void connect(LeaseRequest& request);
  bool close_oldest_idle();
  // None takes another request; each ends when its last one has.
  void retire_all();
  void end_all();

  // --- for its connections ---

  // How many requests at once the endpoint has said that it takes on a connection, if it has.
  std::uint32_t streams_allowed() const { return streams_allowed_; }
  void set_streams_allowed(std::uint32_t streams) { streams_allowed_ = streams; }
  // One more idles, or one less.
  void count_idle(bool more) { more ? ++idle_count_ : --idle_count_; }
  // It takes no part any more.
  void leave(H2Connection& connection);

 private:
  EndpointPool& pool_;
  IntrusiveList<H2Connection, &H2Connection::link_> list_;
  std::size_t idle_count_ = 0;
  std::uint32_t streams_allowed_ = limits::kH2EndpointStreams;
};

}  // namespace weir::upstream
