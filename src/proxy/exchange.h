// One request with its response: the story that everything else serves. It is told in exchange.cc
// in the order in which it happens (exchange_split.cc: which variant, exchange_tunnel.cc: after a
// 101); the steps and their order are the table of exchange_steps.h. An exchange belongs to a
// downstream connection while it runs and to the worker's ExchangePool between; it is reset, never
// reallocated, so the second request on a connection allocates nothing. It never touches a socket
// and never parses.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <weir/address.h>
#include <weir/error.h>

#include "base/buffer.h"
#include "base/chunk.h"
#include "http/forwarding.h"
#include "http/h1_parser.h"
#include "http/head.h"
#include "net/timer_wheel.h"
#include "observe/exchange_record.h"
#include "proxy/attempt.h"
#include "proxy/client.h"
#include "proxy/downstream.h"
#include "proxy/exchange_steps.h"
#include "proxy/listener_port.h"
#include "proxy/mirror_draft.h"
#include "proxy/retry_policy.h"
#include "proxy/snapshot.h"
#include "proxy/try_trail.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

class Exchange final : AttemptEvents {
 public:
  explicit Exchange(WorkerContext& context);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // --- called by the downstream connection ---

  // The first byte of a request is here. The request's head is parsed into request().
  void begin(Downstream& downstream, const ListenerPort& port, const Client& client);
  http::RequestHead& request() { return request_; }
  // A step of the request. May end the exchange (Downstream::exchange_over) before it returns.
  void on_request(const http::ParseStep& step);
  // The request is malformed or took too long: answers it, unless a response is under way.
  void on_request_error(Error error);
  // The client left or stopped reading: ends the attempt at the origin too.
  void on_client_gone(Errc reason = Errc::client_gone);
  // The client took what was pending: the response may go on.
  void on_client_drained();

  bool active() const { return step_ != Step::idle; }
  bool request_complete() const { return request_complete_; }
  // The request's head is still arriving.
  bool reading_head() const { return step_ == Step::reading; }
  // The client waits for a 100 (Continue) before it sends content.
  bool awaits_continue() const { return expects_continue_ && !request_complete_; }
  // A gRPC call: either side may be silent for as long as the other is patient, and no deadline of
  // the client's is due. timeouts.stream_idle is the exchange's own.
  bool is_call() const { return is_call_; }
  // Request content waits for the origin, not for the client.
  bool request_paused() const { return request_paused_; }
  // The response waits for the client.
  bool response_paused() const { return response_paused_; }

  // More has come: counts what the heads take, if that is more than usual.
  void count_buffers();
  // Gives memory beyond the usual back; called while it waits in the pool.
  void shrink();

 private:
  static constexpr std::size_t kKeptBytes = 4 * 1024;  // of each buffer, while it waits in the pool

  // exchange.cc: the way there.
  void advance(Step next);
  void decide();
  http::Origin origin(bool trusted) const;
  void route();
  void act(const traffic::RequestView& view, std::string_view path);
  bool rate_limited(const traffic::RequestView& view);
  bool answered_here(std::string_view path);
  bool tunnel_denied() const;
  Error prepare_forwarding(std::string_view path);
  bool start_attempt(const PickContext& context, std::size_t picked);
  bool attempt_started(Error error);
  bool take_request_content(const http::ParseStep& step);
  void on_attempt_ready() override;
  void send_request(std::span<const std::string_view> content);
  void send_head(std::span<const std::string_view> content);
  void send_rest(std::size_t already_sent);
  bool asks_for_upgrade() const;
  void see_call();
  bool may_keep(std::size_t more) const;
  void keep_content(std::span<const std::string_view> content);
  void lose_content();
  void await_origin();
  config::Millis origin_time() const;
  void hold_client_back();
  void on_attempt_drained() override;

  // exchange_split.cc: which variant, and what when it cannot serve.
  void choose_cluster(const traffic::RequestView& view);
  void take_variant(std::size_t variant, VariantReason reason);
  bool on_candidate() const;
  bool may_fail_over() const;
  bool fail_over();
  bool start_on_stable(VariantReason reason);
  bool rescue(const AttemptOutcome& outcome);
  bool spend_rescue(Error error);
  void issue_cookie();

  // exchange_response.cc: the way back.
  void on_attempt_response(const http::ParseStep& step) override;
  void relay_interim();
  void begin_response(const http::ParseStep& step);
  bool client_on_tls() const;
  void note_response();
  void edit_response();
  void response_sent(bool sent, bool complete);
  Fault note_grpc_status();
  std::uint64_t latency_ns() const;

  // exchange_tunnel.cc: the other way back.
  void begin_tunnel();
  void forget_heads();
  void send_early_bytes();
  void tunnel_to_origin(const http::ParseStep& step);
  void tunnel_to_client(const http::ParseStep& step);
  void send_through(std::span<const std::string_view> content, bool complete);
  void tunnel_moved();

  // exchange_end.cc: how it can end.
  void on_attempt_failed(Error error) override;
  AttemptOutcome outcome_of(Error error, int status) const;
  bool try_again(Error error, int status);
  bool try_elsewhere(Error error, int status);
  void try_after_wait();
  bool try_overtime();
  void note_try(Errc reason, int status);
  void note_last_try(Errc reason);
  void blame(Error error, int status);
  void on_deadline();
  void on_step_overdue();
  void give_up_attempt(Error error);
  void discount_attempt(Errc code);
  void fail(Error error);
  void answer(const http::OwnAnswer& answer, Errc reason);
  bool send_own(const http::OwnAnswer& answer, Errc reason);
  std::span<const http::HeadEdit> with_fields_of_route(std::span<const http::HeadEdit> fields);
  http::HeadEdit hsts_edit() const;
  void answer_redirect(std::string_view path);
  void answer_error(Errc reason);
  void finish(Ending ending, Errc reason);
  void write_record(Errc reason);
  void reset();

  PickContext pick_context() const;
  net::ProxyAddresses addresses() const;
  std::size_t route_index() const {
    return static_cast<std::size_t>(plan_ - snapshot_->shared->routes.data());
  }
  upstream::ClusterPool& pool() const { return *snapshot_->pools[cluster_]; }
  std::string_view forwarded_path() const;
  // Something has gone to the client: nothing can be tried again, or answered.
  bool answering() const { return step_ == Step::relaying || step_ == Step::tunnelling; }
  void arm(net::TimeMs delay_ms);
  void arm_idle();
  void set_timer();

  WorkerContext& context_;
  Downstream* downstream_ = nullptr;
  const ListenerPlan* listener_ = nullptr;
  std::shared_ptr<WorkerSnapshot> snapshot_;
  const RoutePlan* plan_ = nullptr;
  std::uint32_t cluster_ = kNoCluster;  // of the current attempt
  Client client_;
  IpAddress client_ip_;  // after trusted_proxies

  http::RequestHead request_;
  http::ResponseHead response_;
  Attempt attempt_;
  upstream::Slot retry_slot_;     // among the cluster's retries
  net::TimerEntry timer_;         // of the upstream side; the client's is the connection's
  net::TimeMs give_up_at_ = 0;    // route's timeouts.request, 0 = never
  net::TimeMs try_until_ = 0;     // route's retry.per_try_timeout, 0 = never
  net::TimeMs step_until_ = 0;    // what the step itself may take
  std::size_t last_pending_ = 0;  // upstream output at the last look, to see progress

  traffic::SplitChoice choice_;  // with a split
  MirrorDraft mirrors_;
  Buffer issued_cookie_;  // what edits_ refers to, when one is given

  http::EditList edits_;
  Buffer forwarded_values_;  // what edits_ refers to
  Buffer normalized_path_;
  Buffer forwarded_path_;  // path and query as sent, when that is not what was received
  http::ForwardedIds ids_;
  ChunkQueue early_content_;  // content that is not sent yet, or kept to be sent again

  Step step_ = Step::idle;
  bool request_complete_ = false;
  bool request_paused_ = false;
  bool response_paused_ = false;
  bool expects_continue_ = false;  // and has not been told to go on
  bool anything_sent_ = false;
  bool content_gone_ = false;
  bool is_call_ = false;
  bool replaced_ = false;
  bool client_ended_ = false;  // of a tunnel's two directions
  bool origin_ended_ = false;
  bool origin_deaf_ = false;  // what is sent there is lost
  int retries_ = 0;
  std::uint64_t tried_ = 0;
  std::uint64_t tried_in_ = 0;  // the pool's generation, while waiting
  std::uint64_t body_limit_ = 0;
  std::uint64_t counted_bytes_ = 0;  // among the process's buffers
  observe::ExchangeRecord record_;
  TryTrail tries_;
};

}  // namespace weir::proxy
