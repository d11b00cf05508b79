// The way there: from the request's head to the endpoint. exchange_response.cc tells the way back,
// exchange_tunnel.cc what follows a switch of protocols, exchange_end.cc how it ends.
#include "proxy/exchange.h"

#include <array>
#include <cassert>
#include <cstdlib>

#include <weir/limits.h>

#include "http/grpc.h"
#include "http/upgrade.h"
#include "proxy/own_answer.h"
#include "proxy/pick_key.h"
#include "proxy/request_fields.h"

namespace weir::proxy {
namespace {

std::size_t size_of(std::span<const std::string_view> content) {
  std::size_t bytes = 0;
  for (const std::string_view run : content) bytes += run.size();
  return bytes;
}

}  // namespace

Exchange::Exchange(WorkerContext& context)
    : context_(context),
      attempt_(*this),
      timer_([](void* owner) { static_cast<Exchange*>(owner)->on_deadline(); }, this),
      mirrors_(context),
      early_content_(context.chunks) {}

Exchange::~Exchange() {
  assert(step_ == Step::idle);
}

void Exchange::advance(Step next) {
  if (!legal(step_, next)) std::abort();  // a bug in this file, whatever the peers sent
  step_ = next;
}

void Exchange::begin(Downstream& downstream, const ListenerPort& port, const Client& client) {
  advance(Step::reading);
  downstream_ = &downstream;
  listener_ = port.plan;
  client_ = client;
  client_ip_ = client.peer;
  snapshot_ = port.snapshot;
  body_limit_ = listener_->settings->limits.body_bytes;
  record_.times.begin = context_.clock.mono_ns();
}

void Exchange::on_request(const http::ParseStep& step) {
  if (step_ == Step::tunnelling) {
    tunnel_to_origin(step);
    return;
  }
  if (step.complete) request_complete_ = true;
  if (step.head) {
    decide();
    if (!active()) return;
  }
  if (!take_request_content(step)) return;
  if (attempt_.ready()) send_request(step.content);
  // Copies come after the original, and cannot hold it up.
  if (!active() || !mirrors_.waiting()) return;
  mirrors_.take(request_, step.content);
  if (step.complete) mirrors_.request_complete(request_);
}

void Exchange::decide() {
  advance(Step::deciding);
  record_.times.head = context_.clock.mono_ns();
  if (snapshot_->shared->buffer_pressure() >= limits::kBuffersFull) {
    answer_error(Errc::buffers_full);
    return;
  }
  client_ip_ = http::client_address(request_, client_.peer, listener_->trusted);
  expects_continue_ = request_.expects_continue();
  if (http::must_answer_here(request_)) {
    answer({.status = 200}, Errc::none);
    return;
  }
  const bool trusted = listener_->trusts(client_.peer);
  http::drop_request_fields(request_, trusted);
  ids_ = http::add_forwarding_edits(request_, origin(trusted), context_.random, forwarded_values_,
                                    edits_);
  route();
}

http::Origin Exchange::origin(bool trusted) const {
  http::Origin origin{
      .peer = client_.peer, .peer_is_trusted = trusted, .tls = client_.tls != TlsVersion::none};
  if (client_.certificate != nullptr) {
    origin.certificate = client_.certificate->certificate;
    origin.certificate_chain = client_.certificate->chain;
    origin.certificate_subject = client_.certificate->subject;
  }
  return origin;
}

void Exchange::route() {
  const RequestFields fields(request_);
  const traffic::RequestView view{.listener = listener_->index,
                                  .method = request_.method_name(),
                                  .host = request_.host(),
                                  .path = request_.path(),
                                  .query = request_.query(),
                                  .fields = &fields};
  const auto choice = snapshot_->shared->router->match(view, normalized_path_);
  if (!choice) {
    answer_error(choice.error().code);
    return;
  }
  plan_ = &snapshot_->shared->routes[choice->route];
  if (rate_limited(view)) return;
  if (!answered_here(choice->path)) act(view, choice->path);
}

// Before anything else is done with the request, so that nobody is charged with it: no variant, no
// endpoint, no mirror.
bool Exchange::rate_limited(const traffic::RequestView& view) {
  if (!plan_->rate_limit) return false;
  const traffic::RateVerdict verdict =
      plan_->rate_limit->limiter->take(view, client_ip_, record_.times.head);
  record_.forgot_rate_key = verdict.forgot_key;
  if (verdict.admitted) return false;
  ErrorAnswer error(Errc::rate_limited);
  error.tell_limit(*plan_->settings->rate_limit, verdict.wait_ns);
  answer(error.answer(), Errc::rate_limited);
  return true;
}

bool Exchange::answered_here(std::string_view path) {
  const config::Route& route = *plan_->settings;
  if (route.body_bytes) body_limit_ = *route.body_bytes;
  if (body_limit_ != 0 && request_.announces_more_than(body_limit_)) {
    answer_error(Errc::body_too_large);
    return true;
  }
  if (plan_->redirect) {
    answer_redirect(path);
    return true;
  }
  if (tunnel_denied()) {
    answer_error(Errc::upgrade_denied);
    return true;
  }
  if (route.action != config::ActionKind::respond) return false;
  const config::Respond& respond = route.respond;
  answer({.status = respond.status, .content_type = respond.content_type, .body = respond.body},
         Errc::none);
  return true;
}

// Who demands a tunnel takes any success for one.
bool Exchange::tunnel_denied() const {
  if (!request_.demands_tunnel()) return false;
  const config::Route& route = *plan_->settings;
  if (route.action == config::ActionKind::respond) return http::is_success(route.respond.status);
  return !http::passes_upgrade(request_, route.upgrade);
}

void Exchange::act(const traffic::RequestView& view, std::string_view path) {
  const config::RouteTimeouts& timeouts = plan_->settings->timeouts;
  if (timeouts.request.count() > 0) {
    give_up_at_ = context_.wheel.now() + static_cast<net::TimeMs>(timeouts.request.count());
  }
  choose_cluster(view);
  if (const Error error = prepare_forwarding(path)) {
    answer_error(error.code);
    return;
  }
  if (!plan_->mirrors.empty()) {
    const bool keyed = plan_->split && choice_.has_key();
    mirrors_.begin(
        snapshot_, *plan_, view, keyed ? &choice_.point : nullptr,
        {request_, forwarded_path(), edits_.edits(), *listener_, client_ip_, ids_, addresses()});
  }
  pool().earn_retry();
  const PickContext context = pick_context();
  start_attempt(context, pool().pick(context));
}

Error Exchange::prepare_forwarding(std::string_view path) {
  http::limit_upgrade(request_, plan_->settings->upgrade);
  edits_.push_all(plan_->request_edits);
  if (plan_->rewrite) {
    if (const Error error = plan_->rewrite->apply(path, forwarded_path_)) return error;
  } else if (path != request_.path()) {  // normalised
    forwarded_path_.append(path);
  }
  if (!forwarded_path_.empty() && !request_.query().empty()) {
    forwarded_path_.append('?');
    forwarded_path_.append(request_.query());
  }
  return {};
}

std::string_view Exchange::forwarded_path() const {
  return forwarded_path_.empty() ? request_.path_and_query() : forwarded_path_.view();
}

PickContext Exchange::pick_context() const {
  PickContext context = pick_key(pool().settings().balance, request_, client_ip_);
  context.tried = tried_;
  return context;
}

// The client as an endpoint is told of it. Behind trusted proxies that forward, only its address is
// known.
net::ProxyAddresses Exchange::addresses() const {
  if (client_.is_unix && client_ip_ == client_.peer) return {};
  const std::uint16_t port = client_ip_ == client_.peer ? client_.port : std::uint16_t{0};
  return {client_ip_, client_.local, port, client_.local_port};
}

// False: no attempt could be made, and the exchange has ended. True: sending is the caller's, as
// soon as the attempt is ready.
bool Exchange::start_attempt(const PickContext& context, std::size_t picked) {
  advance(Step::leasing);
  if (request_.demands_tunnel() && pool().http2()) {
    answer_error(Errc::upgrade_denied);
    return false;
  }
  see_call();
  if (pool().names_clients()) attempt_.speak_for(addresses());
  ++record_.attempts;
  tries_.begin(tries_.empty() ? record_.times.head : context_.clock.mono_ns());
  // An upgrade is not sent again when its connection turns out dead.
  return attempt_started(attempt_.start(pool(), context, picked, asks_for_upgrade()));
}

// A server may overlook what it is asked for (RFC 9110 section 7.8), and HTTP/2 has no Upgrade.
bool Exchange::asks_for_upgrade() const {
  return request_.wants_upgrade() && !pool().http2();
}

// Whether it is a call changes with the cluster; a client that is none's any more is watched again.
void Exchange::see_call() {
  const bool was_call = std::exchange(is_call_, pool().http2() && http::is_grpc_call(request_));
  if (was_call && !is_call_ && !request_paused_) downstream_->resume_request();
}

bool Exchange::attempt_started(Error error) {
  record_.upstream_status = 0;  // what is told is the last attempt's
  record_.times.connected = record_.times.first_byte = 0;
  record_.reused_connection = false;
  record_.endpoint = error ? std::string_view() : attempt_.endpoint().name();
  if (error) {
    discount_attempt(error.code);
    if (may_fail_over()) return fail_over();
    fail(error);
    return false;
  }
  // Bounds the wait in the cluster's queue; connecting has a deadline of its own.
  if (!attempt_.ready()) {
    arm(static_cast<net::TimeMs>(pool().settings().connections.connect_timeout.count()) * 2);
  }
  return true;
}

// Counts content and keeps it while there is no connection. False: the exchange has ended.
bool Exchange::take_request_content(const http::ParseStep& step) {
  for (std::string_view run : step.content) record_.bytes_in += run.size();
  if (body_limit_ != 0 && record_.bytes_in > body_limit_) {
    fail({Errc::body_too_large});
    return false;
  }
  if (attempt_.ready()) return true;
  for (std::string_view run : step.content) early_content_.append(run);
  if (early_content_.size() >= limits::kEarlyBodyBytes && !request_paused_) {
    request_paused_ = true;
    downstream_->pause_request();
  }
  return true;
}

void Exchange::on_attempt_ready() {
  std::array<std::string_view, limits::kBodySpans> runs;
  const std::size_t count = early_content_.runs(runs.data(), runs.size());
  send_request(std::span(runs.data(), count));
}

void Exchange::send_request(std::span<const std::string_view> content) {
  if (step_ == Step::leasing) {
    send_head(content);
  } else if (!content.empty() || request_complete_) {
    // An origin that no longer reads may still answer: a failed write is left to the response's end
    // or deadline.
    attempt_.send_content(request_, content, request_complete_);
    if (!content.empty() && !answering()) keep_content(content);
    if (request_complete_ && step_ == Step::sending) advance(Step::awaiting);
    await_origin();
  }
}

void Exchange::send_head(std::span<const std::string_view> content) {
  record_.times.connected = context_.clock.mono_ns();
  record_.endpoint = attempt_.endpoint().name();
  record_.reused_connection = attempt_.on_reused_connection();
  const upstream::OutgoingRequest out{&request_, forwarded_path(), request_.authority(),
                                      edits_.edits()};
  const std::size_t bytes = size_of(content);
  const bool more = early_content_.size() > bytes;  // than fits into one write
  const bool sent = attempt_.send_request(out, content, request_complete_ && !more, response_);
  advance(request_complete_ ? Step::awaiting : Step::sending);
  if (!sent) {  // not a byte left: another connection gets all of it
    if (early_content_.empty()) {
      for (std::string_view run : content) early_content_.append(run);
    }
    on_attempt_failed({Errc::upstream_reset});
    return;
  }
  anything_sent_ = true;
  if (more) {
    send_rest(bytes);
  } else if (early_content_.empty()) {
    keep_content(content);
  } else if (!may_keep(0)) {
    lose_content();
  }
  const auto per_try = static_cast<net::TimeMs>(plan_->settings->retry.per_try_timeout.count());
  try_until_ = per_try == 0 ? 0 : context_.wheel.now() + per_try;
  await_origin();
}

// What else came before there was a connection. It is too much to be kept for another.
void Exchange::send_rest(std::size_t already_sent) {
  early_content_.consume(already_sent);
  while (!early_content_.empty()) {
    std::array<std::string_view, limits::kBodySpans> runs;
    const std::size_t count = early_content_.runs(runs.data(), runs.size());
    const std::span<const std::string_view> content(runs.data(), count);
    const std::size_t bytes = size_of(content);
    const bool last = bytes == early_content_.size();
    attempt_.send_content(request_, content, request_complete_ && last);
    early_content_.consume(bytes);
  }
  lose_content();
}

// What was sent is kept, as long as it is little, where an endpoint may say that it has not looked
// at it.
bool Exchange::may_keep(std::size_t more) const {
  return pool().http2() && early_content_.size() + more <= limits::kEarlyBodyBytes;
}

void Exchange::keep_content(std::span<const std::string_view> content) {
  const std::size_t bytes = size_of(content);
  if (bytes == 0 || content_gone_) return;
  if (!may_keep(bytes)) return lose_content();
  for (std::string_view run : content) early_content_.append(run);
}

void Exchange::lose_content() {
  content_gone_ = true;
  early_content_.clear();
}

// Back-pressure towards the client and the deadline for what the origin does next.
void Exchange::await_origin() {
  hold_client_back();
  if (step_ != Step::relaying) {
    arm(static_cast<net::TimeMs>(origin_time().count()));
  } else if (is_call_) {
    arm_idle();
  }
}

config::Millis Exchange::origin_time() const {
  if (request_complete_) return plan_->settings->timeouts.response_head;
  const bool waits_for_client = is_call_ && last_pending_ == 0;
  return waits_for_client ? plan_->settings->timeouts.stream_idle : limits::kClientWriteIdleTimeout;
}

void Exchange::hold_client_back() {
  last_pending_ = attempt_.pending_bytes();
  if (last_pending_ > limits::kHighWatermark && !request_paused_) {
    request_paused_ = true;
    downstream_->pause_request();
  } else if (request_paused_ && last_pending_ <= limits::kLowWatermark) {
    request_paused_ = false;
    downstream_->resume_request();
  }
}

// Also when the request is complete: a client whose reading stays paused could leave unnoticed, and
// the origin's time for its answer begins when it has the request.
void Exchange::on_attempt_drained() {
  if (step_ == Step::tunnelling) {
    hold_client_back();
    tunnel_moved();
  } else {
    await_origin();
  }
}

void Exchange::arm(net::TimeMs delay_ms) {
  step_until_ = context_.wheel.now() + delay_ms;
  set_timer();
}

// The deadline for the next bytes, of a response or in a tunnel.
void Exchange::arm_idle() {
  const config::RouteTimeouts& timeouts = plan_->settings->timeouts;
  const config::Millis idle = step_ == Step::tunnelling ? timeouts.tunnel_idle
                              : is_call_                ? timeouts.stream_idle
                                                        : timeouts.response_idle;
  arm(static_cast<net::TimeMs>(idle.count()));
}

void Exchange::set_timer() {
  net::TimeMs deadline = step_until_;
  for (const net::TimeMs other : {give_up_at_, try_until_}) {
    if (other != 0 && other < deadline) deadline = other;
  }
  context_.wheel.arm(timer_, deadline);
}

}  // namespace weir::proxy
