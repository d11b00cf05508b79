// What a worker knows of a client's connection, whatever it speaks: what to tell it when the worker
// or its listener stops, and how to make room. Made for what a worker's door accepted, with new; it
// lives in the worker's list, until its connection ends and it retires itself. It never reads or
// writes.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "base/intrusive_list.h"
#include "net/retire_list.h"
#include "net/timer_wheel.h"
#include "proxy/address_counts.h"
#include "proxy/client.h"
#include "proxy/listener_port.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

class DownstreamConnection : public net::Retirable {
 public:
  DownstreamConnection(const DownstreamConnection&) = delete;
  DownstreamConnection& operator=(const DownstreamConnection&) = delete;

  // The worker or the listener is stopping: ends when what is in progress has, or when it has been
  // idle for the context's idle_grace.
  virtual void drain() = 0;
  // Ends the connection at once, whatever it is doing.
  virtual void close_now() = 0;
  // Since when it owes nothing and is owed nothing, if that is so.
  virtual std::optional<net::TimeMs> idle_since() const = 0;
  // Came in by this listener?
  bool came_by(const ListenerPort& port) const { return port_.get() == &port; }

 protected:
  // The connection is among the listener's open ones already.
  DownstreamConnection(WorkerContext& context, std::shared_ptr<const ListenerPort> port,
                       const Client& client, AddressCounts::Place place)
      : context_(context), port_(std::move(port)), client_(client), place_(std::move(place)) {}

  // Last act of a connection that ended: out of the list and the counts, then destroyed when no
  // frame of it is on the stack.
  void leave() {
    port_->plan->open_connections->fetch_sub(1, std::memory_order_relaxed);
    place_.leave();
    link_.unlink();
    retire();
  }

  // The same for one that goes on as `next`: what was counted is counted for that one now.
  void go_on_as(DownstreamConnection& next) {
    next.link_.take_place_of(link_);
    retire();
  }

  const config::Listener& settings() const { return *port_->plan->settings; }
  bool stopping() const { return context_.draining || port_->leaving; }

  WorkerContext& context_;
  const std::shared_ptr<const ListenerPort> port_;
  Client client_;
  AddressCounts::Place place_;

 private:
  void retire() { context_.retired.retire(std::unique_ptr<net::Retirable>(this)); }

 public:
  Link link_;  // in the worker's list
};

using DownstreamList = IntrusiveList<DownstreamConnection, &DownstreamConnection::link_>;

}  // namespace weir::proxy
