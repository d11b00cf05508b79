// How slow a client may be, whatever it speaks: what h1_downstream and h2_stream allow one request,
// and h2_downstream a connection. Arithmetic alone; timers are their owners'.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <weir/config.h>

#include "net/timer_wheel.h"

namespace weir::proxy {

// Bytes that a client has to take within timeouts.write_idle to be given as much time again.
std::uint64_t least_taken(const config::Listener& settings);

// A request's content: how much has come, and how long the client was waited for. Time that passes
// while it owes content is the client's, any other is not.
class ContentPace {
 public:
  void count(std::span<const std::string_view> content);
  // The client owes nothing at the moment, or something has come.
  void stop_waiting(net::TimeMs now);
  // The client owes content from now on. How long it may pause: timeouts.body_idle, or until the
  // whole has become slower than limits.min_body_rate. `expects_continue`: it waits for 100
  // (Continue) before it begins; that is waiting for the origin, and is not slow.
  net::TimeMs wait(const config::Listener& settings, bool expects_continue, net::TimeMs now);

 private:
  std::uint64_t bytes_ = 0;
  net::TimeMs waited_ = 0;  // up to since_
  net::TimeMs since_ = 0;   // 0 = that is not counted
};

}  // namespace weir::proxy
