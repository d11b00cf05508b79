// A stream's exchange, in three parts: what arrives, what is sent, and the client's deadlines,
// which are those of h1_downstream.cc for one stream: a client that is slow with one loses that
// one.
#include "proxy/h2_stream.h"

#include <cassert>
#include <utility>

#include <weir/limits.h>

#include "proxy/h2_downstream.h"

namespace weir::proxy {

H2Stream::H2Stream(WorkerContext& context)
    : H2StreamState(context.chunks),
      context_(context),
      timer_([](void* owner) { static_cast<H2Stream*>(owner)->on_timer(); }, this),
      early_(context.chunks) {}

H2Stream::~H2Stream() {
  assert(active_ == nullptr);
}

void H2Stream::begin(H2Downstream& connection) {
  connection_ = &connection;
  active_ = context_.exchanges.acquire(context_);
  active_->exchange.begin(*this, connection.port(), connection.client());
}

void H2Stream::end() {
  assert(active_ == nullptr);
  disarm();
  link_.unlink();
  waiting_link_.unlink();
  over_link_.unlink();
  connection_->count_waiting(noted_waiting_, 0);
  connection_ = nullptr;
  untaken_ = noted_waiting_ = 0;
  last_taken_ = 0;
  pace_ = {};
  reset_code_ = http::H2Code::cancel;
  early_.clear();
  tunnel_ = Tunnel::none;
  request_ended_ = false;
  clear();
}

// --- what arrives ---

void H2Stream::on_input(const http::ParseStep& step) {
  if (!active_) return;  // answered already; the rest is nobody's
  Exchange& exchange = active_->exchange;
  if (step.error) {
    request_ended_ = true;  // its rest is not waited for
    if (status_of(step.error.code) == 400) {
      exchange.on_client_gone(step.error.code);
    } else {
      exchange.on_request_error(step.error);
    }
    return;
  }
  if (step.complete) request_ended_ = true;
  for (const std::string_view run : step.content) untaken_ += run.size();
  if (step.head) exchange.count_buffers();
  if (step.head && request().demands_tunnel()) tunnel_ = Tunnel::asked;
  if (tunnel_ == Tunnel::asked) return ask_for_tunnel(step);
  pace_.count(step.content);
  watch_client();
  exchange.on_request(step);
  if (active_ && !exchange.request_paused()) open_window();
}

// Content that the exchange took may be followed by as much; while it is paused, by none.
void H2Stream::open_window() {
  if (untaken_ == 0) return;
  connection_->session().take(*this, std::exchange(untaken_, 0));
  connection_->ask_flush();
}

void H2Stream::pause_request() {
  watch_client();
}

void H2Stream::resume_request() {
  watch_client();
  open_window();
}

bool H2Stream::on_closed(Errc reason) {
  if (active_ && tunnel_ == Tunnel::open && reason == Errc::none) {
    tunnel_ = Tunnel::closed;
    return false;
  }
  on_gone(reason == Errc::none ? Errc::client_gone : reason);
  return true;
}

void H2Stream::on_gone(Errc reason) {
  if (!active_) return;
  const bool leaves_tunnel = tunnel_ >= Tunnel::open && reason == Errc::client_gone;
  active_->exchange.on_client_gone(leaves_tunnel ? Errc::client_reset : reason);
}

// --- what the exchange sends ---

bool H2Stream::send_interim(const http::ResponseHead& head) {
  return sent(connection_->session().send_interim(*this, head));
}

bool H2Stream::send_response(const http::ResponseHead& head, std::span<const http::HeadEdit> edits,
                             std::span<const std::string_view> content, bool complete) {
  return sent(connection_->session().send_response(*this, head, edits, content, complete));
}

bool H2Stream::send_content(const http::ResponseHead& head,
                            std::span<const std::string_view> content, bool complete) {
  return sent(connection_->session().send_content(*this, content, complete, head));
}

bool H2Stream::send_own_answer(http::OwnAnswer answer) {
  answer.date = context_.date.text(context_.clock, context_.wheel.now());
  answer.head_request = request().method() == http::Method::head;
  return sent(connection_->session().send_own_answer(*this, answer));
}

bool H2Stream::sent(bool well) {
  if (!well) return false;
  connection_->on_framed();
  note_waiting();
  return true;
}

void H2Stream::note_waiting() {
  const std::size_t waiting = waiting_bytes();
  connection_->count_waiting(noted_waiting_, waiting);
  noted_waiting_ = waiting;
  if (waiting == 0) {
    waiting_link_.unlink();
  } else {
    if (!waiting_link_.linked()) connection_->waiting().push_back(*this);
    watch_output();
  }
}

// Of the connection's streams together no more waits than a client of HTTP/1 may leave lying.
bool H2Stream::congested() const {
  return waiting_bytes() > limits::kH2StreamHigh ||
         (waiting_bytes() > 0 && connection_->waiting_bytes() > limits::kHighWatermark);
}

void H2Stream::on_output_moved() {
  note_waiting();
  if (!active_) {
    if (noted_waiting_ == 0) disarm();
    return;
  }
  if (!active_->exchange.reading_head()) watch_client();
  if (tunnel_ == Tunnel::open && !tunnel_moved()) return;
  const bool low = noted_waiting_ <= limits::kH2StreamLow &&
                   connection_->waiting_bytes() <= limits::kLowWatermark;
  if (low || noted_waiting_ == 0) active_->exchange.on_client_drained();
}

void H2Stream::exchange_over(Ending ending) {
  http::H2Session& session = connection_->session();
  if (ending != Ending::complete) {
    // RFC 8441 section 5: what resets a tunnel behind Weir is CANCEL.
    const bool response_cut = ending == Ending::truncated && tunnel_ != Tunnel::open;
    session.reset(*this, response_cut ? http::H2Code::internal_error : reset_code_);
  }
  release_head();
  context_.exchanges.release(context_, std::move(active_));
  if (waiting_bytes() == 0) {
    disarm();
  } else {
    watch_output();
  }
  if (tunnel_ == Tunnel::closed) connection_->recycle_later(*this);
  connection_->on_request_over();
}

// --- the client's deadlines ---

void H2Stream::arm(net::TimeMs delay) {
  watching_output_ = false;
  context_.wheel.arm_in(timer_, delay);
}

void H2Stream::disarm() {
  watching_output_ = false;
  timer_.cancel();
}

// What the client owes next: taking what was sent before anything else, then content, if it is not
// the origin that holds it up.
void H2Stream::watch_client() {
  if (tunnel_ == Tunnel::open) return;  // the exchange has the tunnel's one deadline
  pace_.stop_waiting(context_.wheel.now());
  if (waiting_bytes() > 0) {
    watch_output();
  } else if (!owes_content()) {
    disarm();
  } else {
    const bool expects = request().expects_continue();
    arm(pace_.wait(connection_->settings(), expects, context_.wheel.now()));
  }
}

bool H2Stream::owes_content() const {
  const Exchange& exchange = active_->exchange;
  return !request_ended_ && tunnel_ == Tunnel::none && !exchange.request_paused() &&
         !exchange.is_call();
}

// Neither more output nor more content puts the deadline off, only what is taken.
void H2Stream::watch_output() {
  if (active_ && tunnel_ == Tunnel::open) return;
  if (watching_output_ && client_is_stuck()) return;
  arm(static_cast<net::TimeMs>(connection_->settings().timeouts.write_idle.count()));
  watching_output_ = true;
  last_taken_ = framed_bytes();
}

bool H2Stream::client_is_stuck() const {
  return framed_bytes() - last_taken_ < least_taken(connection_->settings());
}

void H2Stream::on_timer() {
  if (waiting_bytes() > 0) {
    if (watching_output_ && client_is_stuck()) {
      connection_->on_slow_reading();
      give_up(Errc::client_idle, http::H2Code::enhance_your_calm);
    } else {
      watching_output_ = false;
      watch_output();
    }
  } else if (active_ && owes_content()) {
    request_ended_ = true;  // its rest is not waited for
    active_->exchange.on_request_error({Errc::body_timeout});
  }
}

void H2Stream::give_up(Errc reason, http::H2Code code) {
  reset_code_ = code;
  if (active_) {
    active_->exchange.on_client_gone(reason);
  } else {
    connection_->session().reset(*this, code);
  }
  connection_->ask_flush();
}

// --- the workshop ---

std::unique_ptr<H2Stream> H2Workshop::acquire(WorkerContext& context) {
  if (free_.empty()) return std::make_unique<H2Stream>(context);
  std::unique_ptr<H2Stream> stream = std::move(free_.back());
  free_.pop_back();
  return stream;
}

void H2Workshop::release(WorkerContext& context, std::unique_ptr<H2Stream> stream) {
  stream->end();
  if (free_.size() == kKept) {
    context.retired.retire(std::move(stream));
  } else {
    free_.push_back(std::move(stream));
  }
}

H2Workshop& H2Workshop::of(WorkerContext& context) {
  if (!context.h2) context.h2 = std::make_shared<H2Workshop>(context.random);
  return *context.h2;
}

}  // namespace weir::proxy
