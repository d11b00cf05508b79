// A client's HTTP/2 connection, in three parts: what arrives, what is written, and how it ends.
// Whatever a stream or the session asks for is done at the end of the turn (flush), when nothing of
// either is on the stack.
#include "proxy/h2_downstream.h"

#include <algorithm>
#include <array>
#include <cassert>

#include <weir/limits.h>

#include "proxy/client_patience.h"
#include "proxy/request_limit.h"

namespace weir::proxy {
namespace {

http::H2Limits session_limits(const ListenerPlan& plan) {
  const config::Http2& settings = plan.settings->http2;
  return {.head = plan.head_limits,
          .underscores = plan.underscores,
          .max_streams = settings.max_streams,
          .window = static_cast<std::uint32_t>(settings.window),
          .connection_window = static_cast<std::uint32_t>(settings.connection_window),
          .tunnels = plan.offers_tunnels};
}

net::TimeMs as_time(config::Millis time) {
  return static_cast<net::TimeMs>(time.count());
}

}  // namespace

H2Downstream::H2Downstream(WorkerContext& context, std::shared_ptr<const ListenerPort> port,
                           net::StreamPtr stream, const Client& client, AddressCounts::Place place,
                           std::string_view early)
    : DownstreamConnection(context, std::move(port), client, std::move(place)),
      stream_(std::move(stream)),
      session_(H2Workshop::of(context).shared(), *this, session_limits(*port_->plan),
               context.chunks),
      held_(context.chunks),
      flush_([](void* owner) { static_cast<H2Downstream*>(owner)->flush(); }, this),
      timer_([](void* owner) { static_cast<H2Downstream*>(owner)->on_timer(); }, this),
      write_timer_([](void* owner) { static_cast<H2Downstream*>(owner)->on_write_timer(); }, this),
      idle_since_(context.wheel.now()),
      head_until_(context.wheel.now() + as_time(settings().timeouts.head)),
      requests_max_(spread_by_a_tenth(settings().requests_per_connection, context.random)) {
  context_.wheel.arm(timer_, head_until_);
  take_early(early);
  if (stopping()) drain();
  stream_->start(*this);
}

H2Downstream::~H2Downstream() {
  assert(state_ == State::closed && streams_.empty());
}

// --- what arrives ---

void H2Downstream::take_early(std::string_view bytes) {
  held_.append(bytes);
  ask_flush();
}

void H2Downstream::take_held() {
  while (!held_.empty() && state_ == State::open) {
    const std::string_view run = held_.front();
    session_.receive(run, context_.wheel.now());
    held_.consume(run.size());
  }
}

void H2Downstream::on_read(std::string_view bytes) {
  if (state_ == State::lingering) {
    discarded_ += bytes.size();
    if (discarded_ > limits::kLingerBytes) close();
    return;
  }
  take_held();
  receive(bytes);
}

void H2Downstream::receive(std::string_view bytes) {
  session_.receive(bytes, context_.wheel.now());
  if (session_.thrown_out()) {
    flush();  // at once, or all that lies in the socket would be read first
    return;
  }
  if (has_enough_) drain();
  watch_client();
  ask_flush();
}

std::pair<http::H2StreamState*, http::RequestHead*> H2Downstream::on_stream_begin() {
  if (state_ != State::open || outlived_ >= settings().http2.max_streams) return {nullptr, nullptr};
  std::unique_ptr<H2Stream> fresh = H2Workshop::of(context_).acquire(context_);
  H2Stream& stream = *fresh.release();  // owned by the list until recycled
  streams_.push_back(stream);
  stream.begin(*this);
  ++requests_;
  has_enough_ |= requests_max_ != 0 && requests_ >= requests_max_;
  return {&stream, &stream.request()};
}

void H2Downstream::on_stream_input(http::H2StreamState& stream, const http::ParseStep& step) {
  static_cast<H2Stream&>(stream).on_input(step);
}

void H2Downstream::on_stream_closed(http::H2StreamState& stream, Errc reason) {
  auto& ours = static_cast<H2Stream&>(stream);
  if (ours.on_closed(reason)) {
    recycle(ours);
  } else {
    ++outlived_;
  }
}

void H2Downstream::recycle(H2Stream& stream) {
  if (stream.outlived()) --outlived_;
  H2Workshop::of(context_).release(context_, std::unique_ptr<H2Stream>(&stream));
  if (!streams_.empty()) return;
  idle_since_ = context_.wheel.now();
  watch_client();
}

void H2Downstream::recycle_over() {
  while (!over_.empty()) recycle(over_.front());
}

void H2Downstream::on_request_over() {
  has_enough_ |= port_->snapshot->shared->buffer_pressure() >= limits::kBuffersTight;
  ask_flush();
}

// A client that half-closes is taken for one that left, as on HTTP/1.
void H2Downstream::on_end() {
  close();
}

void H2Downstream::on_reset(Error) {
  close();
}

void H2Downstream::on_drained() {
  if (state_ == State::lingering) {
    if (stream_->pending_bytes() == 0) {
      write_timer_.cancel();
      context_.wheel.arm_in(timer_, as_time(limits::kLingerTime));
    }
    return;
  }
  if (std::exchange(reading_paused_, false)) stream_->resume_reading();
  watch_written();
  ask_flush();
}

void H2Downstream::on_abuse(H2Abuse abuse) {
  context_.recorder.on_h2_abuse(abuse, *port_->plan, client_.peer);
}

// --- what is written ---

void H2Downstream::on_framed() {
  ask_flush();
  if (session_.output().size() >= limits::kH2BatchBytes) push_out();
}

// Everything asked for during the turn.
void H2Downstream::flush() {
  if (state_ == State::closed) return;
  recycle_over();
  take_held();
  if (state_ == State::open && has_enough_) drain();
  if (state_ == State::open) {
    push_out();
    session_.dispatch();
    look_after_output();
  }
  // Who was thrown out is not lingered for: reading what it still sends is what it is after.
  if (broken_ || session_.thrown_out()) {
    close();
  } else if (state_ == State::open && session_.finished() &&
             (session_.broken() || streams_.empty())) {
    drop_streams(Errc::client_gone);
    linger();
  } else {
    watch_client();
  }
}

// Frames until there are no more or the socket takes no more. May be called while an exchange
// sends.
void H2Downstream::push_out() {
  do {
    session_.hold_output(stream_->pending_bytes() > limits::kHighWatermark);
    session_.pump();
  } while (!session_.output().empty() && write_output());
  if (stream_->pending_bytes() > limits::kHighWatermark && !reading_paused_) {
    reading_paused_ = true;  // or a client that does not read could have us answer without end
    stream_->pause_reading();
  }
}

bool H2Downstream::write_output() {
  ChunkQueue& output = session_.output();
  std::array<std::string_view, net::Stream::kMaxParts> runs;
  const std::size_t count = output.runs(runs.data(), runs.size());
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) bytes += runs[i].size();
  if (!broken_ && !stream_->write(std::span(runs.data(), count))) broken_ = true;
  output.consume(bytes);
  written_ += bytes;
  watch_written();
  if (broken_) ask_flush();
  return !broken_;
}

// Streams whose content waited may have come to send some.
void H2Downstream::look_after_output() {
  waiting_.for_each([](H2Stream& stream) { stream.on_output_moved(); });
}

// --- how it ends ---

std::optional<net::TimeMs> H2Downstream::idle_since() const {
  const bool idle = state_ == State::open && streams_.empty();
  if (!idle || stream_->pending_bytes() > 0) return {};
  return idle_since_;
}

void H2Downstream::drain() {
  if (state_ != State::open || session_.shutting_down()) return;
  session_.begin_shutdown();
  shutdown_at_ = context_.wheel.now() + as_time(limits::kH2GoawayGrace);
  watch_client();
  ask_flush();
}

void H2Downstream::close_now() {
  drop_streams(Errc::shutting_down);
  close();
}

// The session tells nothing of these streams any more.
void H2Downstream::drop_streams(Errc reason) {
  while (!streams_.empty()) {
    H2Stream& stream = streams_.front();
    stream.on_gone(reason);
    session_.forget(stream);
    recycle(stream);
  }
}

void H2Downstream::linger() {
  state_ = State::lingering;
  held_.clear();
  stream_->finish_writing();
  stream_->resume_reading();
  watch_written();
  if (stream_->pending_bytes() == 0) context_.wheel.arm_in(timer_, as_time(limits::kLingerTime));
}

void H2Downstream::close() {
  if (state_ == State::closed) return;
  drop_streams(Errc::client_gone);
  state_ = State::closed;
  timer_.cancel();
  write_timer_.cancel();
  held_.clear();
  session_.output().clear();
  if (stream_->pending_bytes() > 0) stream_->abort_on_close();  // what is lost must show
  stream_.reset();
  leave();
}

// --- deadlines of the connection; those of requests are their streams' ---

void H2Downstream::watch_client() {
  if (state_ != State::open) return;
  if (session_.begun() && !session_.in_head()) {
    head_until_ = 0;
  } else if (head_until_ == 0) {
    head_until_ = context_.wheel.now() + as_time(settings().timeouts.head);
  }
  net::TimeMs until = net::TimerWheel::kNever;
  if (head_until_ != 0) until = head_until_;
  if (shutdown_at_ != 0) until = std::min(until, shutdown_at_);
  if (streams_.empty()) until = std::min(until, idle_since_ + as_time(settings().timeouts.idle));
  if (until == net::TimerWheel::kNever) {
    timer_.cancel();
  } else {
    context_.wheel.arm(timer_, until);
  }
}

void H2Downstream::on_timer() {
  const net::TimeMs now = context_.wheel.now();
  if (state_ == State::lingering) {
    close();
    return;
  }
  if (head_until_ != 0 && now >= head_until_) {
    session_.abandon(http::H2Code::enhance_your_calm, H2Abuse::slow_head);
  } else if (streams_.empty() || (shutdown_at_ != 0 && now >= shutdown_at_)) {
    session_.finish_shutdown();  // at once: requests behind it are safe to be sent again
    shutdown_at_ = 0;
  }
  ask_flush();
  watch_client();
}

// Sets the deadline for the client to take its share of what was written, unless it stands already.
void H2Downstream::watch_written() {
  const std::size_t pending = stream_->pending_bytes();
  if (pending == 0) {
    write_timer_.cancel();
    return;
  }
  const std::uint64_t taken = written_ - pending;
  if (write_timer_.armed() && taken - last_taken_ < least_taken(settings())) return;
  context_.wheel.arm_in(write_timer_, as_time(settings().timeouts.write_idle));
  last_taken_ = taken;
}

void H2Downstream::on_write_timer() {
  const std::size_t pending = stream_->pending_bytes();
  if (pending == 0) return;
  if (written_ - pending - last_taken_ >= least_taken(settings())) {
    watch_written();
    return;
  }
  on_slow_reading();
  drop_streams(Errc::client_idle);
  close();
}

}  // namespace weir::proxy
