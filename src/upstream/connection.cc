// An upstream connection's leases: the request out, the response in, and the judgement whether it
// may be used again.
#include "upstream/connection.h"

#include <array>
#include <cassert>
#include <utility>

#include <weir/limits.h>

#include "base/ascii.h"
#include "http/content_parts.h"
#include "upstream/pool.h"

namespace weir::upstream {

Connection::Connection(EndpointPool& pool)
    : pool_(pool),
      idle_timer_(
          [](void* owner) {
            auto& self = *static_cast<Connection*>(owner);
            if (self.state_ == State::idle) self.pool_.close(self);
          },
          this) {}

Connection::~Connection() = default;

void Connection::begin_exchange(http::Method method, http::ResponseHead& response,
                                ResponseEvents& events) {
  assert(state_ == State::leased);
  events_ = &events;
  response_ = &response;
  method_ = method;
  interim_answers_ = 0;
  upgrade_asked_ = false;
  write_failed_ = request_sent_ = response_done_ = stray_bytes_ = keep_alive_ = false;
  parser_.reset(response, method_, http::HeadLimits{});
}

bool Connection::send_request(const OutgoingRequest& request,
                              std::span<const std::string_view> content, bool complete,
                              http::ResponseHead& response, ResponseEvents& events) {
  begin_exchange(request.head->method(), response, events);
  upgrade_asked_ = request.head->wants_upgrade();
  Buffer& out = pool_.environment().out;
  out.clear();
  http::write_request_head(out, *request.head, request.path, request.host, request.edits);
  return write(*request.head, content, complete);
}

bool Connection::send_composed(std::string_view head, http::Method method,
                               const ChunkQueue* content, http::ResponseHead& response,
                               ResponseEvents& events) {
  begin_exchange(method, response, events);
  request_sent_ = true;
  std::array<std::string_view, limits::kBodySpans> parts = {head};
  std::size_t count = 1;
  const auto flush = [&] {
    write_failed_ = write_failed_ || !stream_->write(std::span(parts.data(), count));
    count = 0;
  };
  if (content != nullptr) {
    content->for_each_run([&](std::string_view run) {
      if (count == parts.size()) flush();
      parts[count++] = run;
    });
  }
  flush();
  return !write_failed_;
}

bool Connection::send_content(const http::RequestHead& head,
                              std::span<const std::string_view> content, bool complete) {
  assert(state_ == State::leased && !request_sent_);
  if (tunnel_) return write_raw(content, complete);
  pool_.environment().out.clear();
  return write(head, content, complete);
}

bool Connection::write(const http::RequestHead& head, std::span<const std::string_view> content,
                       bool complete) {
  request_sent_ = complete;
  const bool chunked = head.framing() == http::Framing::chunked;
  const http::ContentParts message(pool_.environment().out, chunked, content, complete,
                                   complete ? &head : nullptr);
  if (message.parts().empty() || stream_->write(message.parts())) return true;
  write_failed_ = true;
  return false;
}

void Connection::begin_tunnel() {
  assert(state_ == State::leased && upgrade_asked_ && request_sent_);
  tunnel_ = true;
  request_sent_ = false;  // another kind of content goes on
}

bool Connection::write_raw(std::span<const std::string_view> content, bool complete) {
  request_sent_ = complete;
  write_failed_ = write_failed_ || (!content.empty() && !stream_->write(content));
  if (complete && !write_failed_) stream_->finish_writing();
  return !write_failed_;
}

void Connection::tell_raw(std::string_view bytes, bool complete) {
  http::ParseStep step;
  step.consumed = bytes.size();
  step.complete = response_done_ = complete;
  if (!bytes.empty()) step.content = std::span(&bytes, 1);
  events_->on_response(step);
}

void Connection::on_read(std::string_view bytes) {
  if (state_ != State::leased) {  // an answer nobody asked for
    pool_.close(*this);
    return;
  }
  const std::uint64_t lease = uses_;
  while (!bytes.empty()) {
    if (tunnel_) {
      tell_raw(bytes, false);
      return;
    }
    if (response_done_ || events_ == nullptr) {
      stray_bytes_ = true;
      return;
    }
    http::ParseStep step = parser_.feed(bytes);
    bytes.remove_prefix(step.consumed);
    const bool interim = step.complete && response_->interim();
    if (interim && ++interim_answers_ > limits::kInterimResponses)
      step.error = {Errc::too_many_interim};
    if (step.complete && !interim) final_response_complete(!bytes.empty());
    events_->on_response(step);
    if (step.error || state_ != State::leased || uses_ != lease) return;
    if (interim && !tunnel_) parser_.reset(*response_, method_, http::HeadLimits{});
  }
}

void Connection::final_response_complete(bool bytes_follow) {
  response_done_ = true;
  stray_bytes_ = bytes_follow;
  keep_alive_ = response_->keep_alive() && response_->framing() != http::Framing::until_close;
  if (keep_alive_)
    origin_idle_timeout_ms_ = keep_alive_timeout_ms(response_->value_of(http::FieldId::keep_alive));
}

void Connection::on_end() {
  if (state_ != State::leased) {
    pool_.close(*this);
    return;
  }
  if (tunnel_) {
    tell_raw({}, true);
  } else {
    end_response();
  }
}

void Connection::on_reset(Error error) {
  if (state_ != State::leased) {
    pool_.close(*this);
    return;
  }
  keep_alive_ = false;
  // In a tunnel each direction ends by itself: a reset behind the origin's end is the other's.
  if ((response_done_ && !tunnel_) || events_ == nullptr) return;
  if (response_begun()) {
    events_->on_response_cut({Errc::upstream_truncated});
  } else {
    // With TLS 1.3 a server says only now that it wanted a certificate of ours.
    const bool alert = error.code == Errc::tls_failed;
    events_->on_response_cut({alert ? Errc::upstream_tls_alert : Errc::upstream_reset});
  }
}

void Connection::end_response() {
  keep_alive_ = false;
  if (response_done_ || events_ == nullptr) return;
  // After a failed write the end may be a reset in disguise: it completes nothing.
  if (!write_failed_ && parser_.end_of_stream()) {
    response_done_ = true;
    http::ParseStep end;
    end.complete = true;
    events_->on_response(end);
    return;
  }
  events_->on_response_cut({response_begun() ? Errc::upstream_truncated : Errc::upstream_reset});
}

void Connection::on_drained() {
  if (state_ == State::leased && events_ != nullptr) events_->on_upstream_drained();
}

void Connection::on_connected(net::StreamPtr stream) {
  ticket_.reset();
  stream_ = std::move(stream);
  LeaseRequest* requester = std::exchange(requester_, nullptr);
  assert(requester != nullptr);
  requester->connecting_ = nullptr;
  state_ = State::leased;
  uses_ = 1;
  stream_->start(*this);
  requester->events_.on_lease(Lease(*this));
}

void Connection::on_connect_failed(Error error) {
  LeaseRequest* requester = std::exchange(requester_, nullptr);
  assert(requester != nullptr);
  requester->connecting_ = nullptr;
  pool_.close(*this);
  requester->events_.on_lease_failed(error);
}

bool Connection::clean() const {
  return request_sent_ && response_done_ && keep_alive_ && !stray_bytes_ && !upgrade_asked_ &&
         stream_->pending_bytes() == 0;
}

void Connection::give_back() {
  pool_.give_back(*this);
}

net::TimeMs keep_alive_timeout_ms(std::string_view keep_alive) {
  const std::size_t at = keep_alive.find("timeout=");
  if (at == std::string_view::npos) return 0;
  const std::string_view value = keep_alive.substr(at + 8);
  if (value.empty() || !ascii::is_digit(value.front())) return 0;
  net::TimeMs seconds = 0;
  for (char c : value) {
    if (!ascii::is_digit(c) || seconds > 86'400) break;
    seconds = seconds * 10 + static_cast<net::TimeMs>(c - '0');
  }
  return seconds == 0 ? 1 : seconds * 1000;  // timeout=0: idles no longer than a tick
}

}  // namespace weir::upstream
