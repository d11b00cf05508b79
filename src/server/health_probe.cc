// The check itself. Every way ends in finish(), with the stream closed before anybody is told.
#include "server/health_probe.h"

#include <fmt/format.h>

#include <utility>

namespace weir::server {
namespace {

// A deadline that is met so late was not missed by the endpoint: the supervisor was busy (resolving
// names), or the machine slept.
constexpr net::TimeMs kStalledMs = 250;
// The wheel's own granularity aside, the check's deadline comes first.
constexpr std::chrono::milliseconds kConnectSlack{1000};

}  // namespace

HealthProbe::HealthProbe(net::Connector& connector, net::TimerWheel& wheel, net::TlsEngine* tls,
                         ProbeEvents& events)
    : connector_(connector),
      wheel_(wheel),
      tls_(tls),
      events_(events),
      deadline_([](void* owner) { static_cast<HealthProbe*>(owner)->on_deadline(); }, this) {}

void HealthProbe::begin(const CheckPlan& plan, const Endpoint& endpoint) {
  plan_ = &plan;
  endpoint_ = &endpoint;
  answer_.begin(plan);
  const auto timeout = plan.settings.timeout;
  due_ = wheel_.now() + static_cast<net::TimeMs>(timeout.count());
  wheel_.arm(deadline_, due_);
  SocketAddress address = endpoint.address();
  if (plan.settings.port != 0) address.port = plan.settings.port;
  // A check speaks for nobody.
  ticket_ = net::connect(connector_, address, timeout + kConnectSlack,
                         plan.manner.setup_for(endpoint, {}), {&wheel_, tls_}, *this);
}

void HealthProbe::cancel() {
  deadline_.cancel();
  ticket_.reset();
  by_http2_.reset();
  stream_.reset();
  answer_.end();
  plan_ = nullptr;
}

void HealthProbe::on_connected(net::StreamPtr stream) {
  stream_ = std::move(stream);
  if (plan_->settings.kind == config::CheckKind::tcp) {
    finish({});
  } else {
    ask();
  }
}

void HealthProbe::on_connect_failed(Error error) {
  fail(std::string(words_of(error.code)));
}

void HealthProbe::ask() {
  if (plan_->manner.http2()) {
    by_http2_ = std::make_unique<H2Question>(*stream_, answer_);
    stream_->start(*this);
    by_http2_->ask(*plan_, *endpoint_);
    return;
  }
  await_answer();
  stream_->start(*this);
  // A failed write is left to the end or reset that follows it, or to the deadline.
  (void)stream_->write(request_text(*plan_, *endpoint_));
}

void HealthProbe::await_answer() {
  parser_.reset(answer_.head(), plan_->method(), http::HeadLimits{});
}

void HealthProbe::on_read(std::string_view bytes) {
  if (!by_http2_) {
    read_http1(bytes);
  } else if (const auto result = by_http2_->receive(bytes, wheel_.now())) {
    finish(*result);
  }
}

void HealthProbe::read_http1(std::string_view bytes) {
  while (!bytes.empty()) {
    const http::ParseStep step = parser_.feed(bytes);
    bytes.remove_prefix(step.consumed);
    if (const auto result = answer_.take(step)) return finish(*result);
    if (step.head && answer_.head().interim()) await_answer();
  }
}

void HealthProbe::on_end() {
  if (!by_http2_ && parser_.end_of_stream()) {
    finish(answer_.judge_whole());
  } else if (by_http2_ && !by_http2_->heard()) {
    fail("the endpoint closed the connection without a word of HTTP/2");
  } else {
    fail("the endpoint closed the connection before its answer was complete");
  }
}

void HealthProbe::on_reset(Error) {
  fail("the endpoint reset the connection before its answer was complete");
}

void HealthProbe::on_deadline() {
  if (wheel_.now() >= due_ + kStalledMs) {
    finish({.kind = ProbeResult::Kind::stalled, .cause = "this process was held up"});
    return;
  }
  finish({.kind = ProbeResult::Kind::timeout,
          .cause = fmt::format("{} within {} ms", stream_ ? "no answer" : "no connection",
                               plan_->settings.timeout.count())});
}

void HealthProbe::fail(std::string cause) {
  finish(failed_probe(std::move(cause)));
}

// `result` is nothing of the check's own, which ends first.
void HealthProbe::finish(const ProbeResult& result) {
  cancel();
  events_.on_probe_result(result);
}

}  // namespace weir::server
