// One check of one endpoint over the wire: connect, ask, read as much of the answer as is needed to
// judge it, close. Owned by an EndpointCheck and used again and again; on the supervisor's thread.
// Never follows a redirect, never keeps a connection, never reads more than the bounds of limits.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <weir/config.h>
#include <weir/endpoint.h>

#include "http/h1_parser.h"
#include "net/connector.h"
#include "net/timer_wheel.h"
#include "traffic/pattern.h"
#include "upstream/cluster.h"
#include "upstream/manner.h"

namespace weir::server {

// What is asked and expected of every endpoint of a cluster.
struct CheckPlan {
  // Of a cluster that has checks.
  explicit CheckPlan(const upstream::ClusterSetup& setup);

  bool is_for(const upstream::ClusterSetup& setup) const {
    return settings == *setup.settings.health_check && manner == upstream::Manner::of(setup);
  }

  const config::HealthCheck settings;
  const upstream::Manner manner;            // of connecting
  std::string fields;                       // of the request, but for Host
  std::optional<traffic::Pattern> pattern;  // searched for in the content
  std::string expected;                     // "200-399", for people
};

struct ProbeResult {
  // stalled: this process was held up, which says nothing of the endpoint.
  enum class Kind : std::uint8_t { success, failure, timeout, stalled };
  Kind kind = Kind::success;
  std::string cause;  // of anything but a success, for people
};

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
  bool take(const http::ParseStep& step);
  void judge_body();
  void fail(std::string cause);
  void finish(ProbeResult::Kind kind, std::string cause);

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
  http::H1ResponseParser parser_;
  http::ResponseHead head_;
  std::string body_;  // as much as is looked at
  int interim_answers_ = 0;
};

}  // namespace weir::server
