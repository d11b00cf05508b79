// One libuv loop with what every connection on it shares: the timer wheel, the receive buffer, the
// chunk pool, and the list of what is to be destroyed at the end of the turn. Owned by a worker (or
// the supervisor); used by its thread only, except post() and stop().
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/chunk.h"
#include "net/deferred.h"
#include "net/retire_list.h"
#include "net/timer_wheel.h"

struct uv_loop_s;

namespace weir::net {

class Loop {
 public:
  Loop();
  // Everything on the loop must be closed or retired by now; runs the loop until libuv has freed
  // its handles and aborts if any is left: a leak is a bug, not a warning.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  TimeMs now() const { return wheel_.now(); }
  TimerWheel& wheel() { return wheel_; }
  ChunkPool& chunks() { return chunks_; }

  // Runs until stop(). run_once() makes one turn and waits at most for the next event or timer; for
  // tests.
  void run();
  void run_once();
  // From any thread or signal-free context: ends run() after the current turn.
  void stop();

  // Destroys `object` at the end of this turn. Nothing of it may be called any more.
  void retire(std::unique_ptr<Retirable> object) { retired_.retire(std::move(object)); }
  RetireList& retired() { return retired_; }
  // What is asked for here is done at the end of this turn, before anything is destroyed.
  DeferredList& flushes() { return flushes_; }

  // Calls it once, before the loop waits again, never from inside defer(). Deferring it twice is
  // calling it once.
  void defer(Deferred& call) { deferred_.ask(call); }

  // Calls `wake` on the loop's thread soon; calls coalesce. Thread safe. `wake` is set once, before
  // the loop runs.
  void set_wake(void (*wake)(void*), void* owner);
  void post();

  // For net/ only. Every callback from libuv calls refresh_now() before it hands out an event.
  struct Core;
  Core& core() { return *core_; }
  uv_loop_s* uv();
  void refresh_now();

 private:
  void before_wait();
  void fire_timers();
  void woken();
  void program_timer(TimeMs due);

  std::unique_ptr<Core> core_;
  TimerWheel wheel_;
  ChunkPool chunks_;
  RetireList retired_;
  DeferredList flushes_;
  DeferredList deferred_;
  TimeMs timer_due_ = TimerWheel::kNever;  // what libuv's timer is set to
};

}  // namespace weir::net
