// A connection to an endpoint in four parts: how it comes to be, who gets a stream of it, what is
// read and written, and how it ends. It ends from its own events and at the end of a turn, never
// while a carrier of it or its session is on the stack, unless it idles.
#include "upstream/h2_connection.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include <weir/limits.h>

#include "upstream/h2_toolbox.h"
#include "upstream/pool.h"

namespace weir::upstream {

H2Connection::H2Connection(H2Connections& owner)
    : owner_(owner),
      flush_([](void* self) { static_cast<H2Connection*>(self)->flush(); }, this),
      idle_timer_([](void* self) { static_cast<H2Connection*>(self)->on_idle_timer(); }, this) {}

H2Connection::~H2Connection() {
  assert(state_ == State::closed && carriers_.empty() && requesters_.empty());
}

H2Toolbox& H2Connection::toolbox() {
  return *owner_.pool().cluster_.h2_toolbox_;
}

net::TimeMs H2Connection::now() const {
  return environment().wheel.now();
}

const PoolEnvironment& H2Connection::environment() const {
  return owner_.pool().environment();
}

const config::Connections& H2Connection::settings() const {
  return owner_.pool().cluster_.settings().connections;
}

// --- how it comes to be ---

void H2Connection::connect(LeaseRequest& request) {
  const ClusterPool& cluster = owner_.pool().cluster_;
  manner_ = cluster.manners_;
  scheme_ = cluster.manner_.scheme();
  wait(request);
  ticket_ = owner_.pool().dial({}, *this);
}

bool H2Connection::may_wait() const {
  return state_ == State::connecting && !is_spent() && requesters_count_ < streams_allowed();
}

void H2Connection::wait(LeaseRequest& request) {
  request.joined_ = this;
  requesters_.push_back(request);
  ++requesters_count_;
}

void H2Connection::stop_waiting(LeaseRequest& request) {
  request.joined_ = nullptr;
  request.link_.unlink();
  --requesters_count_;
  if (state_ == State::connecting && requesters_.empty()) end({});
}

void H2Connection::on_connected(net::StreamPtr stream) {
  ticket_.reset();
  stream_ = std::move(stream);
  session_.emplace(toolbox().shared(), static_cast<http::H2ClientEvents&>(*this),
                   http::H2ClientLimits{}, toolbox().chunks());
  state_ = State::open;
  heard_at_ = now();
  ask_flush();
  stream_->start(*this);
  serve_requesters();
}

void H2Connection::on_connect_failed(Error error) {
  leave();
  while (!requesters_.empty()) {
    LeaseRequest& next = requesters_.front();
    stop_waiting(next);
    next.events_.on_lease_failed(error);
  }
  owner_.pool().cluster_.slot_freed();
  retire_if_done();
}

// Those for whom there is no stream after all ask again.
void H2Connection::serve_requesters() {
  while (!requesters_.empty()) {
    LeaseRequest& next = requesters_.front();
    stop_waiting(next);
    if (state_ == State::open && room() > 0) {
      next.events_.on_lease(take());
    } else {
      next.events_.on_slot_free();
    }
  }
  if (idle()) set_idle(true);
}

// --- who gets a stream of it ---

// As long as it has not said so on this connection, what it said on others. None, which is said for
// a while only (RFC 9113 section 6.5.2), is not believed of a new one: who asked for it would ask
// for another, and so on.
std::uint32_t H2Connection::streams_allowed() const {
  const bool told = session_ && session_->begun();
  return std::min(settings().max_streams,
                  told ? session_->streams_allowed() : std::max(1U, owner_.streams_allowed()));
}

std::size_t H2Connection::room() const {
  if (broken_ || !session_->may_begin()) return 0;
  const std::size_t most = streams_allowed();
  return most - std::min(most, carriers_count_);
}

bool H2Connection::has_room() const {
  return state_ == State::open && !is_spent() && room() > 0;
}

Lease H2Connection::take() {
  std::unique_ptr<H2Carrier> fresh = toolbox().acquire();
  H2Carrier& carrier = *fresh.release();  // owned by the list until recycled
  carriers_.push_back(carrier);
  ++carriers_count_;
  carrier.begin(*this, uses_++ > 0);
  set_idle(false);
  return Lease(carrier);
}

void H2Connection::abandon(H2Carrier& carrier) {
  look_at_silence(carrier);
  session_->cancel(carrier);
  ask_flush();
}

// An endpoint that has said nothing at all since a request was sent, and for longer than connecting
// may take, is not given others.
void H2Connection::look_at_silence(const H2Carrier& carrier) {
  const auto long_enough = static_cast<net::TimeMs>(settings().connect_timeout.count());
  const net::TimeMs since = std::max(carrier.sent_at(), heard_at_);
  if (since == carrier.sent_at() && now() - since >= long_enough) retiring_ = true;
}

void H2Connection::recycle(H2Carrier& carrier) {
  carrier.link_.unlink();
  --carriers_count_;
  toolbox().release(std::unique_ptr<H2Carrier>(&carrier), environment().retired);
  if (state_ == State::closed) {
    retire_if_done();
    return;
  }
  if (idle()) set_idle(true);
  owner_.pool().cluster_.slot_freed();
}

// There may be room for several who wait at the cluster's limit: the connection is new, or the
// endpoint takes more than it did. (The one stream that comes free with a request is recycle()'s.)
void H2Connection::call_waiting() {
  ClusterPool& cluster = owner_.pool().cluster_;
  if (cluster.queue_.empty() || !has_room()) return;
  for (std::size_t n = room(); n > 0 && has_room() && cluster.slot_freed(); --n) {
  }
}

void H2Connection::set_idle(bool idle) {
  if (std::exchange(idle_, idle) == idle) return;
  owner_.count_idle(idle);
  if (!idle) {
    idle_timer_.cancel();
    return;
  }
  idle_since_ = now();
  environment().wheel.arm_in(idle_timer_,
                             static_cast<net::TimeMs>(settings().idle_timeout.count()));
  owner_.pool().cluster_.watch_others();
  ask_flush();  // it may be of no more use
}

// --- what is read and written ---

void H2Connection::on_read(std::string_view bytes) {
  heard_at_ = now();
  session_->receive(bytes, heard_at_);
  if (session_->begun()) owner_.set_streams_allowed(session_->streams_allowed());
  ask_flush();
}

void H2Connection::on_response(http::H2ClientStream& stream, const http::ParseStep& step) {
  static_cast<H2Carrier&>(stream).on_input(step);
}

void H2Connection::on_stream_closed(http::H2ClientStream& stream, Errc reason) {
  static_cast<H2Carrier&>(stream).on_stream_over(reason);
}

void H2Connection::ask_flush() {
  environment().flushes.ask(flush_);
}

void H2Connection::on_framed() {
  ask_flush();
  if (session_->output().size() >= limits::kH2BatchBytes) push_out();
}

// Everything asked for during the turn.
void H2Connection::flush() {
  if (state_ != State::open) return;
  push_out();
  session_->dispatch();
  look_after_output();
  if (state_ != State::open) return;  // it idled, and was closed for its slot
  if (broken_) {
    end({Errc::upstream_reset});
  } else if (session_->finished()) {
    const Errc fault = session_->fault();
    end({fault == Errc::none ? Errc::upstream_reset : fault});
  } else {
    look_after_itself();
    call_waiting();
  }
}

// Frames until there are no more or the socket takes no more. May be called while an exchange
// sends. Reading goes on meanwhile: the endpoint may wait for us to take its answers.
void H2Connection::push_out() {
  do {
    session_->hold_output(stream_->pending_bytes() > limits::kHighWatermark);
    session_->pump();
  } while (!session_->output().empty() && write_output());
}

bool H2Connection::write_output() {
  ChunkQueue& output = session_->output();
  std::array<std::string_view, net::Stream::kMaxParts> runs;
  const std::size_t count = output.runs(runs.data(), runs.size());
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) bytes += runs[i].size();
  if (!broken_ && !stream_->write(std::span(runs.data(), count))) broken_ = true;
  output.consume(bytes);
  if (broken_) ask_flush();
  return !broken_;
}

void H2Connection::look_after_output() {
  waiting_.for_each([](H2Carrier& carrier) { carrier.on_output_moved(); });
}

// --- how it ends ---

// It takes no more requests: the endpoint said so, or it is of an earlier manner, or the endpoint
// is not to be used any more.
bool H2Connection::is_spent() const {
  const EndpointPool& pool = owner_.pool();
  return retiring_ || manner_ != pool.cluster_.manners_ || pool.leaving_ ||
         pool.endpoint_->state() != EndpointState::active || (session_ && !session_->may_begin());
}

void H2Connection::retire() {
  retiring_ = true;
  if (state_ == State::open) ask_flush();
}

void H2Connection::look_after_itself() {
  if (!idle_) return;
  const std::size_t most = owner_.pool().cluster_.idle_max_per_endpoint_;
  if (is_spent() || owner_.idle_count() > most) {
    close_idle();
    owner_.pool().cluster_.slot_freed();
  }
}

void H2Connection::on_idle_timer() {
  if (!idle_) return;
  close_idle();
  owner_.pool().cluster_.slot_freed();
}

void H2Connection::close_idle() {
  assert(idle());
  session_->say_goodbye();
  push_out();
  leave();
  retire_if_done();
}

void H2Connection::on_end() {
  end({Errc::upstream_reset});
}

// With TLS 1.3 a server says only now that it wanted a certificate of ours.
void H2Connection::on_reset(Error error) {
  const bool alert = error.code == Errc::tls_failed;
  end({alert ? Errc::upstream_tls_alert : Errc::upstream_reset});
}

void H2Connection::end(Error error) {
  if (state_ == State::closed) return;
  leave();
  // Each leaves the list when its lease is over, as that of most is in on_over().
  IntrusiveList<H2Carrier, &H2Carrier::link_> ending;
  while (!carriers_.empty()) ending.push_back(carriers_.pop_front());
  while (!ending.empty()) {
    H2Carrier& carrier = ending.pop_front();
    carriers_.push_back(carrier);
    session_->forget(carrier);
    carrier.on_over(error);
  }
  owner_.pool().cluster_.slot_freed();
  retire_if_done();
}

// Nobody finds it from here on.
void H2Connection::leave() {
  state_ = State::closed;
  if (std::exchange(idle_, false)) owner_.count_idle(false);
  idle_timer_.cancel();
  ticket_.reset();
  stream_.reset();
  owner_.leave(*this);
}

void H2Connection::retire_if_done() {
  if (carriers_count_ > 0 || std::exchange(retired_, true)) return;
  environment().retired.retire(std::unique_ptr<net::Retirable>(this));
}

}  // namespace weir::upstream
