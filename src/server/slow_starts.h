// Endpoints whose share is growing, after they came back or were new in a running cluster: a tenth
// at first, and another with each tenth of the time. On the supervisor's thread, by its tick.
#pragma once

#include <memory>
#include <vector>

#include <weir/config.h>
#include <weir/endpoint.h>

#include "net/timer_wheel.h"

namespace weir::server {

class SlowStarts {
 public:
  // Called before an endpoint that takes no requests is let back; does nothing when it takes some,
  // or when `over` is 0.
  void before_return(const std::shared_ptr<Endpoint>& endpoint, config::Millis over,
                     net::TimeMs now);
  // The same for an endpoint that has just been added.
  void begin(const std::shared_ptr<Endpoint>& endpoint, config::Millis over, net::TimeMs now);
  void tick(net::TimeMs now);

 private:
  struct Start {
    std::shared_ptr<Endpoint> endpoint;
    net::TimeMs began;
    net::TimeMs over;
  };
  std::vector<Start> starts_;
};

}  // namespace weir::server
