// A client's HTTP/1 connection, in three parts: what arrives, what the exchange sends, and how it
// ends; h1_tunnel.cc is about another protocol on it. It writes and keeps deadlines; it never
// decides where a request goes.
#include "proxy/h1_downstream.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include <weir/limits.h>

#include "http/content_parts.h"
#include "proxy/h2_downstream.h"
#include "proxy/request_limit.h"

namespace weir::proxy {
namespace {

std::uint32_t clamped(std::size_t n) {
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(n, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

H1Downstream::H1Downstream(WorkerContext& context, std::shared_ptr<const ListenerPort> port,
                           net::StreamPtr stream, const Client& client, AddressCounts::Place place)
    : DownstreamConnection(context, std::move(port), client, std::move(place)),
      stream_(std::move(stream)),
      held_(context.chunks),
      timer_([](void* owner) { static_cast<H1Downstream*>(owner)->on_timer(); }, this),
      idle_since_(context.wheel.now()),
      requests_max_(spread_by_a_tenth(settings().requests_per_connection, context.random)),
      may_be_http2_(settings().http2.enabled && client.tls == TlsVersion::none) {
  arm(settings().timeouts.head);
  stream_->start(*this);
}

H1Downstream::~H1Downstream() {
  assert(state_ == State::closed);
}

void H1Downstream::arm(config::Millis delay) {
  watching_output_ = false;
  context_.wheel.arm_in(timer_, static_cast<net::TimeMs>(delay.count()));
}

void H1Downstream::disarm() {
  watching_output_ = false;
  timer_.cancel();
}

// --- what arrives ---

void H1Downstream::on_read(std::string_view bytes) {
  if (state_ == State::tunnelling) {
    feed_tunnel(bytes, false);
    return;
  }
  if (may_be_http2_ && begins_http2(bytes)) return;
  const std::size_t used = consume(bytes);
  if (state_ != State::closed) hold(bytes.substr(used));
}

// A client that knows begins with HTTP/2's preface (RFC 9113 section 3.3), in as many pieces as it
// likes. True: all bytes are taken, by the connection that goes on if the preface is whole.
bool H1Downstream::begins_http2(std::string_view bytes) {
  const std::string_view due = http::kH2Preface.substr(preface_seen_);
  const std::size_t size = std::min(due.size(), bytes.size());
  if (bytes.substr(0, size) != due.substr(0, size)) {
    may_be_http2_ = false;
    const std::string_view seen = http::kH2Preface.substr(0, preface_seen_);
    const std::size_t used = consume(seen);
    if (state_ != State::closed) hold(seen.substr(used));
    return state_ == State::closed;
  }
  preface_seen_ += static_cast<std::uint8_t>(size);
  if (size == due.size()) become_http2(bytes.substr(size));
  return true;
}

void H1Downstream::become_http2(std::string_view early) {
  state_ = State::closed;
  disarm();
  auto* next = new H2Downstream(  // owned by itself until it retires
      context_, port_, std::move(stream_), client_, std::move(place_), http::kH2Preface);
  next->take_early(early);
  go_on_as(*next);
}

std::size_t H1Downstream::consume(std::string_view bytes) {
  consuming_ = true;
  std::size_t used = 0;
  while (used < bytes.size() && wants_bytes()) used += feed(bytes.substr(used));
  consuming_ = false;
  return used;
}

bool H1Downstream::wants_bytes() const {
  switch (state_) {
    case State::exchanging:
      return !request_ended_;
    case State::closed:
      return false;
    default:
      return true;
  }
}

std::size_t H1Downstream::feed(std::string_view bytes) {
  if (state_ == State::lingering) {
    discarded_ += clamped(bytes.size());
    if (discarded_ > limits::kLingerBytes) close();
    return bytes.size();
  }
  if (state_ == State::idle) {
    // An empty line behind a request is no request (RFC 9112 section 2.2).
    if (bytes.starts_with("\r\n") && empty_lines_ < limits::kLeadingEmptyLines) {
      ++empty_lines_;
      return 2;
    }
    begin_request();
  }

  const http::ParseStep step = active_->parser.feed(bytes);
  active_->exchange.count_buffers();
  if (state_ == State::draining) {
    discarded_ += clamped(step.consumed);
    const std::size_t used = step.consumed;
    if (step.error || discarded_ > limits::kLingerBytes) {
      linger();
    } else if (step.complete) {
      end_request();
    }
    return used;
  }
  if (step.error) {
    malformed_ = true;
    active_->exchange.on_request_error(step.error);
    return bytes.size();
  }
  if (step.complete) request_ended_ = true;
  pace_.count(step.content);
  if (step.head || step.complete || !step.content.empty()) watch_client();
  const std::size_t consumed = step.consumed;
  if (step.head || step.complete || !step.content.empty()) active_->exchange.on_request(step);
  return consumed;
}

void H1Downstream::hold(std::string_view bytes) {
  if (bytes.empty()) return;
  held_.append(bytes);
  if (held_.size() >= limits::kReceiveBuffer && !reading_paused_) {
    reading_paused_ = true;
    stream_->pause_reading();
  }
}

// Goes on with pipelined bytes after an exchange that ended outside of consume().
void H1Downstream::feed_held() {
  while (!held_.empty() && wants_bytes()) {
    const std::size_t used = consume(held_.front());
    if (state_ == State::closed || state_ == State::lingering) return;  // nothing is held any more
    held_.consume(used);
  }
  if (reading_paused_ && held_.size() < limits::kReceiveBuffer &&
      !(active_ && active_->exchange.request_paused())) {
    reading_paused_ = false;
    stream_->resume_reading();
  }
}

void H1Downstream::begin_request() {
  state_ = State::exchanging;
  keep_alive_ = true;
  malformed_ = chunked_ = request_ended_ = false;
  written_before_ = written_;
  pace_ = {};
  discarded_ = 0;
  empty_lines_ = 0;
  active_ = context_.exchanges.acquire(context_);
  active_->parser.reset(active_->exchange.request(), port_->plan->head_limits,
                        port_->plan->underscores);
  active_->exchange.begin(*this, *port_, client_);
  if (requests_ > 0) arm(settings().timeouts.head);  // the first request's runs since the accept
}

void H1Downstream::end_request() {
  context_.exchanges.release(context_, std::move(active_));
  state_ = State::idle;
  idle_since_ = context_.wheel.now();
  arm(stopping() ? context_.idle_grace : settings().timeouts.idle);
}

void H1Downstream::on_end() {
  client_ended_ = true;
  if (state_ == State::tunnelling) {
    feed_tunnel({}, true);
  } else if (state_ == State::exchanging && active_->exchange.active()) {
    active_->exchange.on_client_gone();  // a half-closed client is taken for one that left, as
                                         // nginx and Envoy do
  } else {
    close();
  }
}

void H1Downstream::on_reset(Error) {
  if (state_ == State::tunnelling) {
    active_->exchange.on_client_gone(Errc::client_reset);
  } else if (state_ == State::exchanging && active_->exchange.active()) {
    active_->exchange.on_client_gone();
  } else {
    close();
  }
}

void H1Downstream::on_drained() {
  if (state_ == State::lingering && stream_->pending_bytes() == 0) await_client_end();
  if (state_ == State::idle && stopping()) arm(context_.idle_grace);
  if (state_ == State::tunnelling) active_->exchange.on_client_drained();
  if (state_ != State::exchanging) return;
  if (!active_->exchange.reading_head()) watch_client();  // a head's deadline is absolute
  active_->exchange.on_client_drained();
}

// Sets the deadline for what the client owes next: taking what was sent before anything else, then
// content, if it is not the origin that holds it up.
void H1Downstream::watch_client() {
  if (state_ == State::tunnelling) return;  // the exchange has the tunnel's one deadline
  pace_.stop_waiting(context_.wheel.now());
  if (stream_->pending_bytes() > 0) {
    watch_pending();
  } else if (request_ended_ || active_->exchange.request_paused()) {
    disarm();
  } else {
    const bool expects = active_->exchange.request().expects_continue();
    arm(config::Millis(pace_.wait(settings(), expects, context_.wheel.now())));
  }
}

// --- what the exchange sends ---

bool H1Downstream::may_keep_alive() const {
  const http::RequestHead& request = active_->exchange.request();
  return !malformed_ && request.keep_alive() && !stopping() &&
         port_->snapshot->shared->buffer_pressure() < limits::kBuffersTight &&
         (requests_max_ == 0 || requests_ + 1 < requests_max_);
}

bool H1Downstream::send_interim(const http::ResponseHead& head) {
  context_.out.clear();
  http::write_response_head(context_.out, head, {http::Framing::none, true, 1}, {});
  written_ += context_.out.size();
  return stream_->write(context_.out.view());
}

bool H1Downstream::send_response(const http::ResponseHead& head,
                                 std::span<const http::HeadEdit> edits,
                                 std::span<const std::string_view> content, bool complete) {
  const http::ResponseFraming framing = http::response_framing(
      head, active_->exchange.request(), may_keep_alive() && !active_->exchange.awaits_continue());
  keep_alive_ = framing.keep_alive;
  chunked_ = framing.framing == http::Framing::chunked;
  context_.out.clear();
  http::write_response_head(context_.out, head, framing, edits);
  return write(content, complete, &head);
}

bool H1Downstream::send_content(const http::ResponseHead& head,
                                std::span<const std::string_view> content, bool complete) {
  if (state_ == State::tunnelling) return write_tunnel(content, complete);
  context_.out.clear();
  return write(content, complete, &head);
}

bool H1Downstream::write(std::span<const std::string_view> content, bool complete,
                         const http::Head* trailers_of) {
  const http::ContentParts message(context_.out, chunked_, content, complete, trailers_of);
  if (message.parts().empty()) return true;
  if (!stream_->write(message.parts())) return false;
  written_ += message.bytes();
  watch_pending();
  return true;
}

bool H1Downstream::send_own_answer(http::OwnAnswer answer) {
  const Exchange& exchange = active_->exchange;
  keep_alive_ = may_keep_alive() && !exchange.awaits_continue();
  answer.date = context_.date.text(context_.clock, context_.wheel.now());
  answer.keep_alive = keep_alive_;
  answer.head_request = active_->exchange.request().method() == http::Method::head;
  answer.client_minor_version = active_->exchange.request().minor_version();
  context_.out.clear();
  http::write_own_answer(context_.out, answer);
  if (!stream_->write(context_.out.view())) return false;
  written_ += context_.out.size();
  watch_pending();
  return true;
}

// Sets the deadline for the client to take its share of what is pending, unless it stands already:
// neither more output nor more content from the client puts it off.
void H1Downstream::watch_pending() {
  const std::size_t pending = stream_->pending_bytes();
  const bool owes = watching_output_ && written_ - pending - last_taken_ < least_taken(settings());
  if (pending == 0 || owes) return;
  arm(settings().timeouts.write_idle);
  watching_output_ = true;
  last_taken_ = written_ - pending;
}

void H1Downstream::pause_request() {
  watch_client();
  stream_->pause_reading();
}

void H1Downstream::resume_request() {
  watch_client();
  if (!reading_paused_) stream_->resume_reading();
}

// --- how it ends ---

void H1Downstream::exchange_over(Ending ending) {
  ++requests_;
  if (ending != Ending::complete) {
    // Content that ends with the connection must not look complete, whoever broke it off.
    if (ending == Ending::truncated || bytes_sent() > 0) stream_->abort_on_close();
    close();
    return;
  }
  if (!keep_alive_) {
    linger();
    return;
  }
  if (request_ended_) {
    end_request();
  } else {
    state_ = State::draining;
    arm(limits::kLingerTime);
  }
  if (!reading_paused_) stream_->resume_reading();
  if (!consuming_) feed_held();
}

void H1Downstream::linger() {
  if (active_) context_.exchanges.release(context_, std::move(active_));
  state_ = State::lingering;
  discarded_ = 0;
  held_.clear();
  stream_->finish_writing();
  stream_->resume_reading();
  watch_pending();
  if (stream_->pending_bytes() == 0) await_client_end();  // else from when the client took all
}

// The client has all that it gets. It is given time to say so, if it has not said so already.
void H1Downstream::await_client_end() {
  if (client_ended_) {
    close();
  } else {
    arm(limits::kLingerTime);
  }
}

void H1Downstream::on_timer() {
  switch (state_) {
    case State::idle:
      if (stream_->pending_bytes() == 0 || client_is_stuck()) close();
      return;
    case State::exchanging:
      on_request_timer();
      return;
    case State::tunnelling:
      return;
    case State::draining:
      linger();
      return;
    case State::lingering:
      if (stream_->pending_bytes() == 0 || client_is_stuck()) close();
      return;
    case State::closed:
      return;
  }
}

void H1Downstream::on_request_timer() {
  Exchange& exchange = active_->exchange;
  if (stream_->pending_bytes() > 0) {
    if (client_is_stuck()) exchange.on_client_gone(Errc::client_idle);
  } else if (!exchange.request_complete() && !exchange.request_paused()) {
    malformed_ = true;  // its rest is not waited for
    exchange.on_request_error({exchange.reading_head() ? Errc::head_timeout : Errc::body_timeout});
  }
}

// Has the client taken nothing, or too little, since the last look? Otherwise it gets another
// period.
bool H1Downstream::client_is_stuck() {
  const std::uint64_t taken = written_ - stream_->pending_bytes() - last_taken_;
  if (watching_output_ && taken < least_taken(settings())) return true;
  watching_output_ = false;
  watch_pending();
  return false;
}

// An idle client was promised to be kept, and its next request may be on the way: closing now would
// lose it. Whoever sends one within the grace is answered, with Connection: close.
void H1Downstream::drain() {
  if (state_ == State::idle) arm(context_.idle_grace);
}

void H1Downstream::close_now() {
  const bool busy = state_ == State::exchanging || state_ == State::tunnelling;
  if (busy && active_->exchange.active()) {
    active_->exchange.on_client_gone(Errc::shutting_down);
  } else {
    close();
  }
}

void H1Downstream::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  disarm();
  held_.clear();
  if (stream_->pending_bytes() > 0) stream_->abort_on_close();  // what is lost must show
  stream_.reset();
  if (active_) context_.exchanges.release(context_, std::move(active_));
  leave();
}

}  // namespace weir::proxy
