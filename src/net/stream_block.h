// What libuv needs of a socket for as long as it needs it: the handle and the bytes of writes in
// flight. A TcpStream (or a connect in the making) owns it until close(); then it waits for libuv's
// last callback and goes back to the loop's free list. One per connection, so every byte here is
// paid five thousand times.
#pragma once

#include <uv.h>

#include <cstddef>

#include <weir/error.h>

#include "base/chunk.h"
#include "net/descriptor.h"

namespace weir::net {

class Loop;
class TcpStream;

struct StreamBlock {
  explicit StreamBlock(ChunkPool& pool) : pending(pool) {}

  // Wraps a connected or fresh socket; on error the descriptor is closed. The block belongs to the
  // caller until close().
  static Result<StreamBlock*> open(Loop& loop, Descriptor socket, bool is_unix);

  // The descriptor is closed now, `owner` hears nothing more. `reset`: with an RST where the
  // protocol has one.
  void close(bool reset);

  union Handle {
    uv_handle_t any;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };
  Handle handle;
  Loop* loop = nullptr;
  TcpStream* owner = nullptr;  // null: nobody listens (yet, or any more)
  ChunkQueue
      pending;  // written, not yet known to be sent; the first in_flight bytes are lent to libuv
  std::size_t in_flight = 0;
};

}  // namespace weir::net
