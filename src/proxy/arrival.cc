// The stages of an arrival, in the order in which they come.
#include "proxy/arrival.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <weir/limits.h>

#include "proxy/h1_downstream.h"
#include "proxy/snapshot.h"
#include "proxy/tls_arrival.h"

namespace weir::proxy {

DownstreamConnection& welcome(WorkerContext& context, std::shared_ptr<const ListenerPort> port,
                              net::StreamPtr stream, const Client& accepted,
                              AddressCounts::Place place) {
  Client client = accepted;
  if (port->snapshot->shared->names_clients) {
    const SocketAddress local = stream->local_address();
    client.local = local.ip;
    client.local_port = local.port;
  }
  // Who is not trusted speaks for itself: a header from there is no request, and refused as such.
  const bool expects_header =
      port->plan->settings->proxy_protocol && port->plan->trusts(client.peer);
  if (!expects_header && port->plan->tls) {
    auto* arrival = new TlsArrival(  // owned by itself until it retires
        context, std::move(port), std::move(stream), client, std::move(place));
    arrival->begin();  // nothing was read yet, so that nothing comes of it before it is in the list
    return *arrival;
  }
  if (!expects_header) {
    return *new H1Downstream(  // owned by itself until it retires
        context, std::move(port), std::move(stream), client, std::move(place));
  }
  return *new Arrival(  // owned by itself until it retires
      context, std::move(port), std::move(stream), client, std::move(place));
}

Arrival::Arrival(WorkerContext& context, std::shared_ptr<const ListenerPort> port,
                 net::StreamPtr stream, const Client& client, AddressCounts::Place place)
    : DownstreamConnection(context, std::move(port), client, std::move(place)),
      stream_(std::move(stream)),
      timer_([](void* owner) { static_cast<Arrival*>(owner)->expire(); }, this),
      since_(context.wheel.now()) {
  context_.wheel.arm_in(timer_, static_cast<net::TimeMs>(limits::kProxyHeaderTimeout.count()));
  stream_->start(*this);
}

Arrival::~Arrival() {
  assert(stage_ == Stage::over);
}

std::optional<net::TimeMs> Arrival::idle_since() const {
  if (!held_.empty()) return {};
  return since_;
}

// --- what arrives ---

void Arrival::on_read(std::string_view bytes) {
  if (held_.empty()) {
    read_proxy_header(bytes);
    return;
  }
  held_.append(bytes);
  read_proxy_header(held_.view());
}

void Arrival::read_proxy_header(std::string_view bytes) {
  net::ProxyHeader header;
  const net::ProxyHeaderStep step = net::read_proxy_header(bytes, header);
  switch (step.verdict) {
    case net::ProxyHeaderStep::Verdict::incomplete:
      if (held_.empty()) held_.append(bytes);
      return;
    case net::ProxyHeaderStep::Verdict::malformed:
      fail(ArrivalFailure::proxy_header);
      return;
    case net::ProxyHeaderStep::Verdict::complete:
      break;
  }
  if (header.has_addresses && !take_client(header.addresses)) {
    fail(ArrivalFailure::address_limit);
    return;
  }
  speak(bytes.substr(step.bytes));
}

// From here on the connection is that client's, and counts as if it had come itself. False: it has
// too many.
bool Arrival::take_client(const net::ProxyAddresses& addresses) {
  client_.peer = addresses.source;
  client_.port = addresses.source_port;
  client_.local = addresses.destination;
  client_.local_port = addresses.destination_port;
  client_.is_unix = false;
  auto place = port_->plan->place_for(client_.peer, client_.is_unix);
  if (!place) return false;
  place_ = *std::move(place);
  return true;
}

// What came early is read when the new connection stands where this one stood, since reading may
// end it.
void Arrival::speak(std::string_view early) {
  stage_ = Stage::over;
  timer_.cancel();
  if (port_->plan->tls) {
    auto* handshake = new TlsArrival(  // owned by itself until it retires
        context_, port_, std::move(stream_), client_, std::move(place_));
    go_on_as(*handshake);
    handshake->begin(early);
    return;
  }
  auto* next = new H1Downstream(  // owned by itself until it retires
      context_, port_, std::move(stream_), client_, std::move(place_));
  go_on_as(*next);
  if (stopping()) next->drain();
  if (!early.empty()) next->take_early(early);
}

// --- how it ends ---

// A check of whether the port is open says nothing, and is no fault.
void Arrival::on_end() {
  if (held_.empty()) {
    close();
  } else {
    fail(ArrivalFailure::proxy_header);
  }
}

void Arrival::on_reset(Error) {
  close();
}

void Arrival::expire() {
  fail(ArrivalFailure::proxy_header);
}

void Arrival::drain() {
  const net::TimeMs grace_over =
      context_.wheel.now() + static_cast<net::TimeMs>(context_.idle_grace.count());
  const net::TimeMs deadline =
      since_ + static_cast<net::TimeMs>(limits::kProxyHeaderTimeout.count());
  context_.wheel.arm(timer_, std::min(grace_over, deadline));
}

void Arrival::fail(ArrivalFailure failure) {
  context_.recorder.on_arrival_failed(*port_->plan, client_, failure);
  close();
}

void Arrival::close() {
  if (stage_ == Stage::over) return;
  stage_ = Stage::over;
  timer_.cancel();
  stream_.reset();
  leave();
}

}  // namespace weir::proxy
