// One try of a request at one endpoint: picks it, gets a connection to it, counts it as in flight,
// and carries the request out and the response back. It decides nothing about answers or retries;
// its exchange does. Embedded in the exchange, where it is used again for each try, and in
// a mirror's copy, which has one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <weir/balancer.h>
#include <weir/error.h>

#include "http/h1_parser.h"
#include "upstream/carrier.h"
#include "upstream/pool.h"

namespace weir::proxy {

class AttemptEvents {
 public:
  virtual void on_attempt_ready() = 0;  // a connection is there: send
  virtual void on_attempt_response(const http::ParseStep& step) = 0;
  virtual void on_attempt_failed(
      Error error) = 0;  // no connection, or it ended before the response did
  virtual void on_attempt_drained() = 0;

 protected:
  ~AttemptEvents() = default;
};

class Attempt final : upstream::LeaseEvents, upstream::ResponseEvents {
 public:
  explicit Attempt(AttemptEvents& events) : events_(events), request_(*this) {}
  ~Attempt() { end(); }

  // Whose request this is, before start(): where connections are for one client each
  // (ClusterPool::names_clients), it gets its own.
  void speak_for(const net::ProxyAddresses& client) { request_.client = client; }
  // Asks for a connection to the endpoint that was picked by `context`; who waits for a slot picks
  // again by it. Afterwards ready() (one was idle), or waiting for an event; or an error
  // (no_endpoint, overloaded), and nothing was begun.
  // `fresh`: not on a connection that idled, whose end may already be on the way.
  Error start(upstream::ClusterPool& pool, const PickContext& context, std::size_t picked,
              bool fresh = false);
  // Another connection to the same endpoint, instead of one that turned out dead: a fresh one, or
  // one that other requests share. Afterwards as after start().
  Error replace_connection();
  // Gives back whatever it holds; a connection that is not clean is closed. Idempotent.
  void end();
  // Tells the endpoint's conduct how this try went, an empty fault: well. The first word counts; a
  // mirror's copy says none.
  void judge(Fault fault);

  bool ready() const { return static_cast<bool>(lease_); }
  bool queued() const { return request_.queued(); }  // no slot for a connection yet
  bool begun() const { return target_ != nullptr; }
  const Endpoint& endpoint() const { return target_->endpoint(); }
  const std::shared_ptr<Endpoint>& shared_endpoint() const { return target_->shared_endpoint(); }
  // Which endpoint of the cluster it is, kNoEndpoint when the cluster has changed since the pick.
  std::size_t endpoint_index() const {
    return picked_in_ == pool_->generation() ? picked_ : kNoEndpoint;
  }
  bool on_reused_connection() const { return lease_ && lease_->reused(); }
  bool response_begun() const { return lease_ && lease_->response_begun(); }

  bool send_request(const upstream::OutgoingRequest& request,
                    std::span<const std::string_view> content, bool complete,
                    http::ResponseHead& response) {
    return lease_->send_request(request, content, complete, response, *this);
  }
  bool send_composed(std::string_view head, http::Method method, const ChunkQueue* content,
                     http::ResponseHead& response) {
    return lease_->send_composed(head, method, content, response, *this);
  }
  bool send_content(const http::RequestHead& head, std::span<const std::string_view> content,
                    bool complete) {
    return lease_->send_content(head, content, complete);
  }
  std::size_t pending_bytes() const { return lease_ ? lease_->pending_bytes() : 0; }
  // The response just told is a 101 that is taken: what follows is bytes as they are, both ways.
  void begin_tunnel() { lease_->begin_tunnel(); }
  // The tunnel's end shall not look orderly to the endpoint.
  void reset_on_close() {
    if (lease_) lease_->reset_on_close();
  }
  void pause_response() {
    if (lease_) lease_->pause_reading();
  }
  void resume_response() {
    if (lease_) lease_->resume_reading();
  }

 private:
  void on_lease(upstream::Lease lease) override;
  void on_lease_failed(Error error) override;
  void on_slot_free() override;
  void on_response(const http::ParseStep& step) override { events_.on_attempt_response(step); }
  void on_response_cut(Error error) override { events_.on_attempt_failed(error); }
  void on_upstream_drained() override { events_.on_attempt_drained(); }

  void leave_endpoint();

  AttemptEvents& events_;
  upstream::LeaseRequest request_;
  upstream::Lease lease_;
  upstream::ClusterPool* pool_ = nullptr;
  upstream::EndpointPool* target_ = nullptr;
  upstream::Slot place_;  // among the cluster's requests
  PickContext context_;
  std::size_t picked_ = kNoEndpoint;
  std::uint64_t picked_in_ = 0;  // the pool's generation
  bool judged_ = false;
  bool fresh_ = false;
};

}  // namespace weir::proxy
