// One check of one endpoint over the wire: connect, ask, read as much of the answer as is needed to
// judge it, close. Owned by an EndpointCheck and used again and again; on the supervisor's thread.
// Never follows a redirect, never keeps a connection, never reads more than the bounds of limits.h.
#pragma once

#include <memory>
#include <string>

#include <weir/endpoint.h>

#include "http/h1_parser.h"
#include "net/connector.h"
#include "net/timer_wheel.h"
#include "server/check_answer.h"
#include "server/check_plan.h"
#include "server/h2_question.h"

namespace weir::server {

class ProbeEvents {
 public:
  // Once for each begin(), never before it returned. May begin the next.
  virtual void on_probe_result(const ProbeResult& result) = 0;

 protected:
  ~ProbeEvents() = default;
};

class HealthProbe final : net::ConnectEvents, net::StreamEvents {
 public:
  // `tls`: null where no cluster has TLS.
  HealthProbe(net::Connector& connector, net::TimerWheel& wheel, net::TlsEngine* tls,
              ProbeEvents& events);
  HealthProbe(const HealthProbe&) = delete;
  HealthProbe& operator=(const HealthProbe&) = delete;

  // `plan` and `endpoint` outlive the check. Not while one is under way.
  void begin(const CheckPlan& plan, const Endpoint& endpoint);
  // Without a result.
  void cancel();

 private:
  void on_connected(net::StreamPtr stream) override;
  void on_connect_failed(Error error) override;
  void on_read(std::string_view bytes) override;
  void on_end() override;
  void on_reset(Error error) override;
  void on_drained() override {}
  void on_deadline();

  void ask();
  void await_answer();
  void read_http1(std::string_view bytes);
  void fail(std::string cause);
  void finish(const ProbeResult& result);

  net::Connector& connector_;
  net::TimerWheel& wheel_;
  net::TlsEngine* const tls_;
  ProbeEvents& events_;
  const CheckPlan* plan_ = nullptr;
  const Endpoint* endpoint_ = nullptr;
  std::unique_ptr<net::ConnectTicket> ticket_;
  net::StreamPtr stream_;
  net::TimerEntry deadline_;
  net::TimeMs due_ = 0;
  CheckAnswer answer_;
  http::H1ResponseParser parser_;
  std::unique_ptr<H2Question> by_http2_;  // instead of the parser
};

}  // namespace weir::server
