// Opening and closing of blocks; the callbacks of a block's life in between belong to
// tcp_stream.cc.
#include "net/stream_block.h"

#include "net/loop_core.h"
#include "net/system_error.h"

namespace weir::net {
namespace {

// libuv has called every write callback of the handle by now.
void on_closed(uv_handle_t* handle) noexcept {
  auto* block = static_cast<StreamBlock*>(handle->data);
  block->pending.clear();
  block->in_flight = 0;
  block->loop->core().stream_blocks.release(block);
}

}  // namespace

Result<StreamBlock*> StreamBlock::open(Loop& loop, Descriptor socket, bool is_unix) {
  StreamBlock* block = loop.core().stream_blocks.acquire(loop.chunks());
  block->loop = &loop;
  int status = is_unix ? uv_pipe_init(loop.uv(), &block->handle.pipe, 0)
                       : uv_tcp_init(loop.uv(), &block->handle.tcp);
  if (status != 0) {
    loop.core().stream_blocks.release(block);
    return Failure(system_error(-status));
  }
  block->handle.any.data = block;
  status = is_unix ? uv_pipe_open(&block->handle.pipe, socket.get())
                   : uv_tcp_open(&block->handle.tcp, socket.get());
  if (status != 0) {
    block->close(false);
    return Failure(system_error(-status));
  }
  socket.release();
  return block;
}

void StreamBlock::close(bool reset) {
  owner = nullptr;
  if (reset && handle.any.type == UV_TCP && uv_tcp_close_reset(&handle.tcp, on_closed) == 0) {
    return;
  }
  uv_close(&handle.any, on_closed);
}

}  // namespace weir::net
