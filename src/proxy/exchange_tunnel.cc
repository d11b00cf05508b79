// After a 101: a tunnel, in which bytes go both ways and mean nothing to Weir. Each direction ends
// by itself (half-close); what ends both is that, a reset, or that nothing comes for too long.
#include <array>

#include <weir/limits.h>

#include "http/upgrade.h"
#include "proxy/exchange.h"

namespace weir::proxy {

// Only what answers the request's own Upgrade opens a tunnel: requests of other clients would
// vanish in one that nobody asked for.
void Exchange::begin_tunnel() {
  if (!request_complete_ || !http::answers_upgrade(request_, response_)) {
    const bool asked = request_.wants_upgrade();
    give_up_attempt({asked ? Errc::bad_upgrade_answer : Errc::unasked_upgrade});
    return;
  }
  note_response();
  attempt_.judge({});
  record_.status = response_.status();
  record_.tunnel = true;
  advance(Step::tunnelling);
  give_up_at_ = try_until_ = 0;  // the route's time was for the answer
  edit_response();
  attempt_.begin_tunnel();
  context_.recorder.on_tunnel_begin(*plan_);
  EarlyWords early{early_content_};
  if (!downstream_->send_upgrade(response_, edits_.edits(), early)) {
    on_client_gone(Errc::client_reset);
    return;
  }
  client_ended_ = early.complete;
  forget_heads();
  send_early_bytes();
}

// A tunnel idles for hours: it keeps what its record needs, the request's own head and ids.
void Exchange::forget_heads() {
  edits_.clear();
  response_.shrink(0);
  normalized_path_.shrink(0);
  forwarded_path_.shrink(0);
  issued_cookie_.shrink(0);
  count_buffers();
}

// What the client said before it knew that there is a tunnel.
void Exchange::send_early_bytes() {
  while (!early_content_.empty()) {
    std::array<std::string_view, limits::kBodySpans> runs;
    const std::size_t count = early_content_.runs(runs.data(), runs.size());
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < count; ++i) bytes += runs[i].size();
    record_.bytes_in += bytes;
    send_through(std::span(runs.data(), count), false);
    early_content_.consume(bytes);
  }
  if (client_ended_) send_through({}, true);
  tunnel_moved();
}

void Exchange::tunnel_to_origin(const http::ParseStep& step) {
  for (std::string_view run : step.content) record_.bytes_in += run.size();
  client_ended_ |= step.complete;
  send_through(step.content, step.complete);
  tunnel_moved();
}

// An origin that takes nothing more may still have something to say.
void Exchange::send_through(std::span<const std::string_view> content, bool complete) {
  if (origin_deaf_) return;
  origin_deaf_ = !attempt_.send_content(request_, content, complete);
  hold_client_back();
}

void Exchange::tunnel_to_client(const http::ParseStep& step) {
  origin_ended_ |= step.complete;
  if (!downstream_->send_content(response_, step.content, step.complete)) {
    on_client_gone(Errc::client_reset);
    return;
  }
  if (downstream_->congested() && !response_paused_) {
    response_paused_ = true;
    attempt_.pause_response();
  }
  tunnel_moved();
}

// Bytes moved, or one side came to its end.
void Exchange::tunnel_moved() {
  if (origin_ended_ && origin_deaf_) {
    finish(Ending::truncated, Errc::tunnel_reset);
  } else if (client_ended_ && origin_ended_ && attempt_.pending_bytes() == 0) {
    finish(Ending::complete, Errc::none);
  } else {
    arm_idle();
  }
}

}  // namespace weir::proxy
