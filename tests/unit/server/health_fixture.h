// Clusters of endpoints, a connector in memory and time moved by hand: for tests of what the
// supervisor makes of health.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "observe/metrics.h"
#include "server/endpoint_health.h"
#include "support/memory_connector.h"

namespace weir::server {

using namespace std::chrono_literals;

class HealthTest : public testing::Test {
 protected:
  HealthTest() { settings_.name = "shop"; }

  // The cluster's endpoints anew: 10.0.0.1:80 and so on; those of the same index stay.
  void configure(std::size_t count) {
    while (endpoints_.size() < count) {
      const std::string name = "10.0.0." + std::to_string(endpoints_.size() + 1) + ":80";
      const SocketAddress address{
          .ip = parse_ip(name.substr(0, name.find(':'))).value(), .port = 80, .unix_path = {}};
      endpoints_.push_back(std::make_shared<Endpoint>(name, address, 1, false));
    }
    endpoints_.resize(count);
    auto setup = std::make_shared<const upstream::ClusterSetup>(settings_, endpoints_);
    if (cluster_ == nullptr) {
      cluster_ = std::make_shared<upstream::Cluster>(setup);
    } else {
      cluster_->set_setup(setup);
    }
    health_.adopt({cluster_});
  }
  config::HealthCheck& check() {
    if (!settings_.health_check) settings_.health_check.emplace().path = "/healthz";
    return *settings_.health_check;
  }
  Endpoint& endpoint(std::size_t i = 0) { return *endpoints_[i]; }
  const EndpointCheck& state(std::size_t i = 0) { return *health_.check_of(endpoint(i)); }
  Health health(std::size_t i = 0) { return state(i).health(); }

  void advance(std::chrono::milliseconds time) {
    const net::TimeMs until = wheel_.now() + static_cast<net::TimeMs>(time.count());
    while (wheel_.now() < until) {
      const net::TimeMs next = std::min(std::max(wheel_.next_due(), wheel_.now() + 1), until);
      clock_.advance_ms(next - wheel_.now());
      wheel_.advance(next);
    }
  }
  // The process is held up: what was due fires late.
  void stall(std::chrono::milliseconds time) {
    clock_.advance_ms(static_cast<std::uint64_t>(time.count()));
    wheel_.advance(wheel_.now() + static_cast<net::TimeMs>(time.count()));
  }

  // The check that waits longest (for that endpoint) is answered, whole.
  void answers(std::string_view bytes, std::string_view at = {}) {
    auto peer = connector_.accept({}, {}, at);
    ASSERT_NE(peer, nullptr) << "nobody checks";
    asked_ = peer->received();
    peer->send(bytes);
    peer->close();
  }
  void answers_status(int status, std::string_view at = {}) {
    answers("HTTP/1.1 " + std::to_string(status) + " Some\r\nContent-Length: 0\r\n\r\n", at);
  }
  void refuses() { ASSERT_TRUE(connector_.refuse()) << "nobody checks"; }
  // The next check comes, however long that takes.
  void await_check() {
    for (int n = 0; n < 10'000 && connector_.waiting() == 0; ++n) advance(16ms);
    ASSERT_GT(connector_.waiting(), 0U);
  }

  config::Cluster settings_;
  test::MemoryConnector connector_;
  net::TimerWheel wheel_{1'000'000};
  ManualClock clock_;
  observe::Registry registry_{1};
  std::vector<std::shared_ptr<Endpoint>> endpoints_;
  std::shared_ptr<upstream::Cluster> cluster_;
  EndpointHealth health_{connector_, wheel_, clock_, registry_, registry_.cells(0), 1};
  std::string asked_;
};

}  // namespace weir::server
