// The handshake's outcomes. What is spoken over TLS is decided in speak(), by the protocol that the
// handshake agreed on.
#include "proxy/tls_arrival.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <weir/limits.h>

#include "http/h1_writer.h"
#include "proxy/h1_downstream.h"
#include "proxy/h2_downstream.h"
#include "proxy/own_answer.h"
#include "proxy/snapshot.h"

namespace weir::proxy {
TlsArrival::TlsArrival(WorkerContext& context, std::shared_ptr<const ListenerPort> port,
                       net::StreamPtr stream, const Client& client, AddressCounts::Place place)
    : DownstreamConnection(context, std::move(port), client, std::move(place)),
      plan_(port_->plan->tls),
      patience_(settings().tls->handshake_timeout),
      stream_(std::make_unique<net::TlsStream>(*context.tls, std::move(stream),
                                               plan_->contexts[context.index])),
      timer_([](void* owner) { static_cast<TlsArrival*>(owner)->expire(); }, this),
      since_(context.wheel.now()) {}

TlsArrival::~TlsArrival() {
  assert(stage_ == Stage::over);
}

void TlsArrival::begin(std::string_view early) {
  context_.wheel.arm_in(timer_, static_cast<net::TimeMs>(patience_.count()));
  stream_->secure(*this, early);
}

void TlsArrival::on_secured(const net::TlsFacts& facts) {
  timer_.cancel();
  context_.recorder.on_handshake(*plan_, facts);
  client_.tls = facts.version;
  client_.tls_cipher = facts.cipher;
  client_.tls_server_name = facts.server_name;
  client_.certificate = stream_->peer();
  speak(facts);
}

// Who agreed on nothing speaks HTTP/1.
void TlsArrival::speak(const net::TlsFacts& facts) {
  stage_ = Stage::over;
  DownstreamConnection* next = nullptr;
  if (facts.alpn == "h2") {
    next = new H2Downstream(  // owned by itself until it retires
        context_, port_, std::move(stream_), client_, std::move(place_), {});
  } else {
    next = new H1Downstream(  // owned by itself until it retires
        context_, port_, std::move(stream_), client_, std::move(place_));
  }
  go_on_as(*next);
  if (stopping()) next->drain();
}

// Who connects and leaves without a word has looked whether the port is open: health checks do.
void TlsArrival::on_insecure(const net::TlsFailure& failure) {
  if (!failure.silent) context_.recorder.on_handshake_failed(*plan_, client_, failure);
  if (failure.kind == net::TlsFailureKind::plain_http) {
    answer_plain_http();
  } else {
    close();
  }
}

void TlsArrival::answer_plain_http() {
  stage_ = Stage::answering;
  plain_ = stream_->take_inner();
  plain_->start(*this);
  plain_->resume_reading();
  const ErrorAnswer error(Errc::plain_http);
  http::OwnAnswer answer = error.answer();
  answer.date = context_.date.text(context_.clock, context_.wheel.now());
  context_.out.clear();
  http::write_own_answer(context_.out, answer);
  plain_->write(context_.out.view());
  context_.out.clear();
  plain_->finish_writing();
  context_.wheel.arm_in(timer_, static_cast<net::TimeMs>(limits::kLingerTime.count()));
}

void TlsArrival::on_read(std::string_view bytes) {
  discarded_ += bytes.size();
  if (discarded_ > limits::kLingerBytes) close();
}

void TlsArrival::expire() {
  if (stage_ == Stage::shaking) {
    context_.recorder.on_handshake_failed(
        *plan_, client_, {net::TlsFailureKind::timeout, "the handshake took too long"});
  }
  close();
}

void TlsArrival::drain() {
  const auto patience = std::min(context_.idle_grace, patience_);
  if (stage_ == Stage::shaking) {
    context_.wheel.arm_in(timer_, static_cast<net::TimeMs>(patience.count()));
  }
}

void TlsArrival::close() {
  if (stage_ == Stage::over) return;
  stage_ = Stage::over;
  timer_.cancel();
  stream_.reset();
  plain_.reset();
  leave();
}

}  // namespace weir::proxy
