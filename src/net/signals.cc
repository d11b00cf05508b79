// One uv_signal handle per watch, in a block that outlives the watch until libuv lets go of it.
#include "net/signals.h"

#include <cstdio>
#include <cstdlib>

#include "net/loop_core.h"

namespace weir::net {

struct SignalWatch::Block {
  uv_signal_t handle;
  Loop* loop;
  void (*heard)(void* owner);  // null: nobody listens any more
  void* owner;

  static void on_signal(uv_signal_t* handle, int) noexcept {
    auto* block = static_cast<Block*>(handle->data);
    if (block->heard == nullptr) return;
    block->loop->refresh_now();
    block->heard(block->owner);
  }
  static void on_closed(uv_handle_t* handle) noexcept { delete static_cast<Block*>(handle->data); }
};

SignalWatch::SignalWatch(Loop& loop, int signum, void (*heard)(void* owner), void* owner)
    : block_(new Block{.handle = {}, .loop = &loop, .heard = heard, .owner = owner}) {
  uv_signal_init(loop.uv(), &block_->handle);
  block_->handle.data = block_;
  const int status = uv_signal_start(&block_->handle, &Block::on_signal, signum);
  if (status == 0) return;
  std::fprintf(stderr, "weir: cannot watch signal %d: %s\n", signum, uv_strerror(status));
  std::abort();
}

SignalWatch::~SignalWatch() {
  block_->heard = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&block_->handle), &Block::on_closed);
}

}  // namespace weir::net
