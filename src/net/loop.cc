// The loop's turn. libuv runs timers, then prepare, waits and calls back, then check: deferred
// calls and retired objects are dealt with in prepare and check, when no frame of a connection is
// on the stack, and the wheel's one timer is set in prepare, the last moment before the wait.
#include "net/loop.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "net/loop_core.h"

namespace weir::net {
namespace {

// Only for what cannot fail unless the machine is out of memory or descriptors before anything is
// served.
void must(int status, const char* what) {
  if (status == 0) return;
  std::fprintf(stderr, "weir: %s: %s\n", what, uv_strerror(status));
  std::abort();
}

void report_leak(uv_handle_t* handle, void*) {
  std::fprintf(stderr, "weir: a loop ends with an open %s handle (%p)\n",
               uv_handle_type_name(handle->type), static_cast<void*>(handle));
}

bool any_open(uv_loop_t* loop) {
  bool open = false;
  uv_walk(
      loop,
      [](uv_handle_t* handle, void* found) {
        if (!uv_is_closing(handle)) *static_cast<bool*>(found) = true;
      },
      &open);
  return open;
}

}  // namespace

Loop::Loop()
    : core_([] {
        auto core = std::make_unique<Core>();
        must(uv_loop_init(&core->loop), "cannot start an event loop");
        return core;
      }()),
      wheel_(uv_now(&core_->loop)) {
  must(uv_timer_init(&core_->loop, &core_->timer), "timer");
  must(uv_prepare_init(&core_->loop, &core_->prepare), "prepare");
  must(uv_check_init(&core_->loop, &core_->check), "check");
  must(uv_async_init(&core_->loop, &core_->async,
                     [](uv_async_t* handle) { static_cast<Loop*>(handle->data)->woken(); }),
       "cannot make a wake-up descriptor");
  core_->timer.data = core_->prepare.data = core_->check.data = core_->async.data = this;
  uv_prepare_start(&core_->prepare,
                   [](uv_prepare_t* handle) { static_cast<Loop*>(handle->data)->before_wait(); });
  uv_check_start(&core_->check,
                 [](uv_check_t* handle) { static_cast<Loop*>(handle->data)->retired_.sweep(); });
}

Loop::~Loop() {
  retired_.sweep();
  uv_close(reinterpret_cast<uv_handle_t*>(&core_->timer), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&core_->prepare), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&core_->check), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&core_->async), nullptr);
  if (any_open(&core_->loop)) {
    uv_walk(
        &core_->loop,
        [](uv_handle_t* handle, void* unused) {
          if (!uv_is_closing(handle)) report_leak(handle, unused);
        },
        nullptr);
    std::abort();
  }
  // Only close callbacks and cancelled lookups in libuv's threads are left: they end by themselves.
  while (uv_loop_close(&core_->loop) == UV_EBUSY) uv_run(&core_->loop, UV_RUN_ONCE);
}

uv_loop_s* Loop::uv() {
  return &core_->loop;
}

void Loop::refresh_now() {
  ++core_->events;
  wheel_.set_now(uv_now(&core_->loop));
}

void Loop::run() {
  uv_run(&core_->loop, UV_RUN_DEFAULT);
}

void Loop::run_once() {
  uv_run(&core_->loop, UV_RUN_ONCE);
}

void Loop::stop() {
  core_->stop_wanted.store(true, std::memory_order_release);
  uv_async_send(&core_->async);
}

void Loop::set_wake(void (*wake)(void*), void* owner) {
  core_->wake = wake;
  core_->wake_owner = owner;
}

void Loop::post() {
  core_->wake_wanted.store(true, std::memory_order_release);
  uv_async_send(&core_->async);
}

void Loop::woken() {
  refresh_now();
  if (core_->stop_wanted.exchange(false, std::memory_order_acquire)) uv_stop(&core_->loop);
  if (core_->wake_wanted.exchange(false, std::memory_order_acquire) && core_->wake != nullptr) {
    core_->wake(core_->wake_owner);
  }
}

void Loop::before_wait() {
  refresh_now();
  core_->events_before = std::exchange(core_->events, 0);
  const bool called = !deferred_.empty();
  deferred_.run_due();
  flushes_.run();
  const bool destroys = !retired_.empty();
  retired_.sweep();
  // After work the turn ends without waiting, so that run_once() returns with what it did.
  const bool busy = called || destroys || !deferred_.empty();
  program_timer(busy ? now() : wheel_.next_due());
}

// libuv's timer is touched only when the next due slot changed, which in steady state is once a
// slot.
void Loop::program_timer(TimeMs due) {
  if (due == timer_due_) return;
  timer_due_ = due;
  if (due == TimerWheel::kNever) {
    uv_timer_stop(&core_->timer);
    return;
  }
  const TimeMs delay = due > now() ? due - now() : 0;
  uv_timer_start(
      &core_->timer, [](uv_timer_t* handle) { static_cast<Loop*>(handle->data)->fire_timers(); },
      delay, 0);
}

void Loop::fire_timers() {
  timer_due_ = TimerWheel::kNever;
  wheel_.advance(uv_now(&core_->loop));
}

}  // namespace weir::net
