// What a Loop keeps of libuv, for the files of net/ alone: its handles, the receive buffer that all
// streams of the loop read into, and the free lists of blocks that libuv borrows.
#pragma once

#include <uv.h>

#include <atomic>
#include <cstdint>

#include <weir/limits.h>

#include "net/free_list.h"
#include "net/loop.h"
#include "net/stream_block.h"

namespace weir::net {

struct Loop::Core {
  uv_loop_t loop;
  uv_timer_t timer;
  uv_prepare_t prepare;
  uv_check_t check;
  uv_async_t async;

  void (*wake)(void*) = nullptr;
  void* wake_owner = nullptr;
  std::atomic<bool> wake_wanted{false};
  std::atomic<bool> stop_wanted{false};

  std::uint32_t events = 0;         // of this turn
  std::uint32_t events_before = 0;  // of the last one

  FreeList<StreamBlock> stream_blocks;
  FreeList<uv_write_t> write_requests;
  char receive_buffer[limits::kReceiveBuffer];
};

}  // namespace weir::net
