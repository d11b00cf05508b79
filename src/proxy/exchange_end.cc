// How an exchange ends: its response is through, it is answered here, it is tried again after all,
// the origin broke off, or the client left. Every way goes through finish(), which gives everything
// back and leaves one record.
#include <utility>

#include <weir/grpc.h>
#include <weir/limits.h>

#include "http/grpc.h"
#include "proxy/exchange.h"
#include "proxy/own_answer.h"

namespace weir::proxy {

void Exchange::on_attempt_failed(Error error) {
  if (attempt_.begun()) record_.endpoint = attempt_.endpoint().name();
  if (step_ == Step::tunnelling) {
    finish(Ending::truncated, Errc::tunnel_reset);
    return;
  }
  discount_attempt(error.code);
  if (!answering() && try_again(error, 0)) return;
  fail(error);
}

// One that no endpoint heard of was none.
void Exchange::discount_attempt(Errc code) {
  if (code == Errc::no_endpoint || code == Errc::overloaded) --record_.attempts;
}

AttemptOutcome Exchange::outcome_of(Error error, int status) const {
  return {
      .error = error,
      .status = status,
      .safe_method = request_.safe() && !asks_for_upgrade(),
      .anything_sent = anything_sent_,
      .content_gone = content_gone_,
      .reused_connection = attempt_.on_reused_connection(),
      .response_begun = attempt_.response_begun(),
      .already_replaced = replaced_,
      .retries_made = retries_,
  };
}

bool Exchange::try_again(Error error, int status) {
  const AttemptOutcome outcome = outcome_of(error, status);
  const RetryVerdict verdict = decide_retry(outcome, plan_->settings->retry);
  if (verdict == RetryVerdict::replace) {
    replaced_ = true;
    note_try(error.code, status);
    tries_.begin(context_.clock.mono_ns());
    advance(Step::leasing);
    if (attempt_started(attempt_.replace_connection()) && attempt_.ready()) on_attempt_ready();
    return true;
  }
  blame(error, status);
  if (rescue(outcome)) return true;
  return verdict == RetryVerdict::again && try_elsewhere(error, status);
}

bool Exchange::try_elsewhere(Error error, int status) {
  const std::size_t failed = attempt_.endpoint_index();
  PickContext context = pick_context();
  if (failed == kNoEndpoint) context.tried = 0;  // of a set that is no more
  if (failed < 64) context.tried |= std::uint64_t{1} << failed;
  const std::size_t picked = pool().pick(context);
  if (picked == kNoEndpoint) return false;  // nowhere else to go
  if (!pool().admit_retry(retry_slot_)) return false;
  const int percent = plan_->settings->retry.budget_percent;
  if (loads_an_origin(error) && !pool().spend_retry(percent)) return false;
  tried_ = context.tried;
  ++retries_;
  note_try(error.code, status);
  attempt_.end();
  const std::uint32_t wait_ms =
      backoff_ms(plan_->settings->retry.backoff, retries_, context_.random.next());
  if (wait_ms > 0) {
    advance(Step::waiting);
    tried_in_ = pool().generation();
    arm(wait_ms);
  } else if (start_attempt(context, picked) && attempt_.ready()) {
    on_attempt_ready();
  }
  return true;
}

void Exchange::try_after_wait() {
  if (tried_in_ != pool().generation()) tried_ = 0;  // of a set that is no more
  const PickContext context = pick_context();
  if (start_attempt(context, pool().pick(context)) && attempt_.ready()) on_attempt_ready();
}

// The try has had the time that the route gives one. It goes on when the request may not be sent
// again or there is nowhere to send it.
bool Exchange::try_overtime() {
  const Error error{Errc::response_timeout};
  return !answering() && replayable(outcome_of(error, 0)) && try_again(error, 0);
}

// A try that is followed by another, or was the last of several.
void Exchange::note_try(Errc reason, int status) {
  if (!attempt_.begun()) return;
  tries_.add(pool().cluster().name(), attempt_.shared_endpoint(), reason, status,
             context_.clock.mono_ns());
}

void Exchange::note_last_try(Errc reason) {
  if (!tries_.empty()) note_try(reason, record_.upstream_status);
}

// Counts against the endpoint what is its own doing: not the client's ways, Weir's own limits, an
// idle connection that was just being closed, or a polite refusal.
void Exchange::blame(Error error, int status) {
  const bool idle_close = error.code == Errc::upstream_reset && attempt_.on_reused_connection() &&
                          !attempt_.response_begun();
  const bool late = error.code == Errc::request_timeout && step_ == Step::awaiting;
  if (idle_close || error.code == Errc::upstream_refused) return;
  if (status >= 500 || late || side_of(error.code) == Side::upstream) {
    attempt_.judge({.code = error.code, .status = static_cast<std::uint16_t>(status)});
  }
}

void Exchange::on_deadline() {
  const net::TimeMs now = context_.wheel.now();
  if (give_up_at_ != 0 && now >= give_up_at_) {
    fail({Errc::request_timeout});
    return;
  }
  if (try_until_ != 0 && now >= try_until_) {
    try_until_ = 0;
    if (try_overtime()) return;
  }
  if (now < step_until_) {
    set_timer();
  } else {
    on_step_overdue();
  }
}

void Exchange::on_step_overdue() {
  switch (step_) {
    case Step::waiting:
      try_after_wait();
      return;
    case Step::leasing:
      give_up_attempt({attempt_.queued() ? Errc::overloaded : Errc::connect_timeout});
      return;
    case Step::sending:
      if (attempt_.pending_bytes() > 0 && attempt_.pending_bytes() >= last_pending_) {
        fail({Errc::upstream_write_timeout});
      } else if (is_call_ && last_pending_ == 0) {
        fail({Errc::stream_idle});
      } else {
        await_origin();
      }
      return;
    case Step::awaiting:
      give_up_attempt({Errc::response_timeout});
      return;
    case Step::relaying:
      if (response_paused_) {  // the client is slow, not the origin; its own deadline watches it
        arm_idle();
      } else {
        fail({is_call_ ? Errc::stream_idle : Errc::response_idle_timeout});
      }
      return;
    case Step::tunnelling:
      fail({Errc::tunnel_idle});
      return;
    default:
      return;
  }
}

// Not tried again at the same variant: a timeout could double, and a malformed answer tells of the
// version rather than of the endpoint.
void Exchange::give_up_attempt(Error error) {
  discount_attempt(error.code);
  blame(error, 0);
  if (answering() || !rescue(outcome_of(error, 0))) fail(error);
}

void Exchange::on_request_error(Error error) {
  fail(error);
}

void Exchange::on_client_gone(Errc reason) {
  finish(Ending::abandoned, reason);
}

// Answers the error if nothing has been sent to the client yet; otherwise the truncation must show.
void Exchange::fail(Error error) {
  blame(error, 0);
  if (answering()) {
    finish(Ending::truncated, error.code);
  } else {
    answer_error(error.code);
  }
}

void Exchange::answer_error(Errc reason) {
  const ErrorAnswer error(reason);
  answer(error.answer(), reason);
}

void Exchange::answer_redirect(std::string_view path) {
  if (plan_->redirect->keeps_host() && request_.host().empty()) {  // HTTP/1.0 without Host
    answer_error(Errc::bad_host);
    return;
  }
  forwarded_path_.clear();
  plan_->redirect->append_location(request_.host(), path, request_.query(), forwarded_path_);
  const http::HeadEdit location{http::EditKind::add, http::FieldId::location, "Location",
                                forwarded_path_.view()};
  answer({.status = plan_->settings->redirect.status, .fields = std::span(&location, 1)},
         Errc::none);
}

void Exchange::answer(const http::OwnAnswer& answer, Errc reason) {
  note_last_try(reason);
  attempt_.end();
  record_.status = answer.status;
  const bool sent = send_own(answer, reason);
  finish(sent ? Ending::complete : Ending::abandoned, sent ? reason : Errc::client_gone);
}

// What the route says of its answers, and what browsers are to remember of its host, whoever
// answers: the pages of a redirect's target do not stand for the host that redirects.
std::span<const http::HeadEdit> Exchange::with_fields_of_route(
    std::span<const http::HeadEdit> fields) {
  if (plan_ == nullptr || (plan_->own_fields.empty() && plan_->hsts.empty())) return fields;
  edits_.clear();  // no request will be sent any more
  edits_.push_all(fields);
  if (!plan_->hsts.empty() && client_on_tls()) edits_.push(hsts_edit());
  edits_.push_all(plan_->own_fields);
  return edits_.edits();
}

// gRPC clients look for their own status. The record keeps the one of HTTP, which tells what
// happened.
bool Exchange::send_own(const http::OwnAnswer& answer, Errc reason) {
  if (answer.status < 400 || !http::is_grpc_call(request_)) {
    http::OwnAnswer whole = answer;
    whole.fields = with_fields_of_route(answer.fields);
    return downstream_->send_own_answer(whole);
  }
  const GrpcAnswer told(answer, reason);
  record_.grpc_status = static_cast<int>(told.status());
  return downstream_->send_own_answer(told.answer());
}

void Exchange::finish(Ending ending, Errc reason) {
  record_.times.end = context_.clock.mono_ns();
  const bool succeeded = ending == Ending::complete && reason == Errc::none &&
                         record_.status < 500 && !is_server_fault(record_.grpc_status);
  mirrors_.exchange_over(succeeded);
  note_last_try(reason);
  write_record(reason);
  if (step_ == Step::tunnelling && ending != Ending::complete) attempt_.reset_on_close();
  attempt_.end();
  Downstream* downstream = downstream_;
  reset();
  downstream->exchange_over(ending);  // may begin the next exchange in this very object
}

void Exchange::write_record(Errc reason) {
  record_.reason = reason;
  record_.client = client_ip_;
  record_.listener = listener_->settings->name;
  record_.method = request_.method_name();
  record_.host = request_.authority();
  record_.path = request_.target();
  record_.protocol = request_.major_version() == 2   ? "HTTP/2.0"
                     : request_.minor_version() == 0 ? "HTTP/1.0"
                                                     : "HTTP/1.1";
  record_.grpc = http::is_grpc_call(request_);
  record_.bytes_out = downstream_->bytes_sent();
  if (record_.bytes_out == 0) record_.status = 0;
  record_.id = ids_.request_id;
  record_.trace_id = ids_.trace_id;
  record_.user_agent = request_.value_of(http::FieldId::user_agent);
  record_.referer = request_.value_of(http::FieldId::referer);
  record_.tls_version = name_of(client_.tls);
  record_.tls_cipher = client_.tls_cipher;
  record_.tls_server_name = client_.tls_server_name;
  if (client_.certificate != nullptr) record_.client_certificate = client_.certificate->subject;
  if (plan_ != nullptr) {
    record_.route = plan_->settings->name;
    if (cluster_ != kNoCluster) record_.cluster = pool().cluster().name();
  }
  record_.mirror = mirrors_.outcome();
  record_.tries = tries_.all();
  context_.recorder.on_exchange_end(record_, *listener_, plan_);
}

void Exchange::reset() {
  timer_.cancel();
  edits_.clear();
  forwarded_values_.clear();
  forwarded_path_.clear();
  early_content_.clear();
  ids_ = {};
  plan_ = nullptr;
  cluster_ = kNoCluster;
  choice_ = {};
  mirrors_.reset();
  retry_slot_.release();
  snapshot_.reset();
  give_up_at_ = try_until_ = step_until_ = 0;
  tries_.clear();
  request_complete_ = request_paused_ = response_paused_ = expects_continue_ = false;
  anything_sent_ = content_gone_ = is_call_ = replaced_ = false;
  client_ended_ = origin_ended_ = origin_deaf_ = false;
  retries_ = 0;
  tried_ = 0;
  record_ = {};
  advance(Step::idle);
}

// Heads of usual size are in every exchange, and kept: counting them would have every request write
// what all workers share.
void Exchange::count_buffers() {
  const std::uint64_t held = request_.memory() + response_.memory();
  const std::uint64_t counted = held > limits::kUsualHeadBytes ? held : 0;
  if (counted == counted_bytes_) return;
  BufferBytes& all = *context_.snapshot->shared->buffer_bytes;
  all.add(counted);
  all.take_away(counted_bytes_);
  counted_bytes_ = counted;
}

void Exchange::shrink() {
  request_.shrink(kKeptBytes);
  response_.shrink(kKeptBytes);
  count_buffers();
  forwarded_values_.shrink(kKeptBytes);
  normalized_path_.shrink(kKeptBytes);
  forwarded_path_.shrink(kKeptBytes);
  issued_cookie_.shrink(kKeptBytes);
}

}  // namespace weir::proxy
