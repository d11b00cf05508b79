// The way back: from the origin's first byte to the client. Interim answers pass, the final
// answer's head is edited and sent with whatever content came along, content follows under
// back-pressure.
#include <weir/grpc.h>
#include <weir/limits.h>

#include "http/grpc.h"
#include "proxy/exchange.h"

namespace weir::proxy {

void Exchange::on_attempt_response(const http::ParseStep& step) {
  if (step_ == Step::tunnelling) {
    tunnel_to_client(step);
    return;
  }
  if (step.error) {
    give_up_attempt(step.error);
    return;
  }
  if (step.head && response_.interim()) {
    relay_interim();
  } else if (step.head) {
    begin_response(step);
  } else if (step.complete || !step.content.empty()) {  // part of a head is no progress
    response_sent(downstream_->send_content(response_, step.content, step.complete), step.complete);
  }
}

void Exchange::relay_interim() {
  if (response_.status() == 101) {
    begin_tunnel();
    return;
  }
  if (response_.status() == 100) expects_continue_ = false;
  http::drop_response_fields(response_);
  if (request_.minor_version() == 0)
    return;  // HTTP/1.0 clients know no interim answers (RFC 9110 section 15.2)
  if (!downstream_->send_interim(response_)) on_client_gone();
}

std::uint64_t Exchange::latency_ns() const {
  return record_.times.first_byte - record_.times.connected;
}

void Exchange::note_response() {
  record_.times.first_byte = context_.clock.mono_ns();
  record_.upstream_status = response_.status();
  pool().observe_latency(attempt_.endpoint_index(), latency_ns(), record_.times.first_byte);
}

void Exchange::begin_response(const http::ParseStep& step) {
  note_response();
  if (response_.status() >= 500 && try_again({}, response_.status())) return;
  if (request_.demands_tunnel() && http::is_success(response_.status())) {
    attempt_.judge({});  // an ordinary answer: it did not know what its success would mean here
    answer_error(Errc::upgrade_ignored);
    return;
  }

  record_.status = response_.status();
  count_buffers();
  early_content_.clear();
  advance(Step::relaying);
  try_until_ = 0;
  edit_response();
  response_sent(downstream_->send_response(response_, edits_.edits(), step.content, step.complete),
                step.complete);
}

// By itself, or by the word of a trusted proxy (another's is dropped).
bool Exchange::client_on_tls() const {
  if (client_.tls != TlsVersion::none) return true;
  const http::Field* proto = request_.find(http::FieldId::x_forwarded_proto);
  return proto != nullptr && !proto->dropped && request_.value(*proto) == "https";
}

http::HeadEdit Exchange::hsts_edit() const {
  return {http::EditKind::set, http::FieldId::other, "Strict-Transport-Security", plan_->hsts};
}

// Later edits of a field undo earlier ones: what the file sets for itself comes last.
void Exchange::edit_response() {
  http::drop_response_fields(response_);
  edits_.clear();  // the request has been sent and will not be again
  http::add_response_edits(response_, edits_);
  if (response_.find(http::FieldId::date) == nullptr) {
    edits_.set(http::FieldId::date, context_.date.text(context_.clock, context_.wheel.now()));
  }
  for (const http::HeadEdit& edit : plan_->response_defaults) {
    if (response_.find(edit.name) == nullptr) edits_.push(edit);
  }
  // Over plain HTTP it must not be sent (RFC 6797 section 7.2).
  if (!plan_->hsts.empty() && client_on_tls()) edits_.push(hsts_edit());
  edits_.push_all(plan_->response_edits);
  if (choice_.issued) issue_cookie();
}

void Exchange::response_sent(bool sent, bool complete) {
  if (!sent) {
    on_client_gone();
    return;
  }
  if (complete) {
    attempt_.judge(note_grpc_status());
    finish(Ending::complete, Errc::none);
    return;
  }
  arm_idle();
  if (downstream_->congested() && !response_paused_) {
    response_paused_ = true;
    attempt_.pause_response();
  }
}

// A call that failed says so at its end, under a status of 200. What it tells of the endpoint.
Fault Exchange::note_grpc_status() {
  if (!http::is_grpc_call(request_)) return {};
  const std::optional<int> status = http::grpc_status_of(response_);
  if (!status) return {};
  record_.grpc_status = *status;
  if (!is_server_fault(*status)) return {};
  return {.grpc_status = static_cast<std::uint8_t>(*status)};
}

void Exchange::on_client_drained() {
  if (step_ == Step::tunnelling) arm_idle();
  if (!response_paused_) return;
  response_paused_ = false;
  arm_idle();
  attempt_.resume_response();
}

}  // namespace weir::proxy
