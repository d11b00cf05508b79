// What TLS needs from time to time: fresh keys for session tickets, and a word about certificates
// that expire. On the supervisor's loop while the workers serve.
#pragma once

#include "net/loop.h"
#include "net/timer_wheel.h"
#include "server/process_state.h"

namespace weir::server {

class TlsUpkeep {
 public:
  // Both outlive it.
  TlsUpkeep(net::Loop& loop, ProcessState& state);

 private:
  void rotate_keys();
  void look_at_certificates();

  net::Loop& loop_;
  ProcessState& state_;
  net::TimerEntry rotation_;
  net::TimerEntry look_;
};

}  // namespace weir::server
