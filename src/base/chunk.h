// Pooled chunks of bytes and queues of them: where bytes wait that a socket did not take, or that
// arrived before there was anywhere to send them. A pool belongs to one worker and outlives its
// queues; chunks never cross threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/limits.h>

#include "base/buffer_bytes.h"

namespace weir {

struct Chunk {
  Chunk* next = nullptr;
  std::uint32_t begin = 0;  // first byte not yet consumed
  std::uint32_t end = 0;    // one past the last byte
  char bytes[limits::kChunkBytes];
};

class ChunkPool {
 public:
  // Keeps at most `kept` free chunks; more are given back to the system.
  explicit ChunkPool(std::size_t kept = 64) : kept_(kept) { free_.reserve(kept); }
  ~ChunkPool();
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  // Counts chunks in use among the process's from now on, when none is.
  void count_in(std::shared_ptr<BufferBytes> all) { all_ = std::move(all); }

  Chunk* acquire();
  void release(Chunk* chunk);
  std::size_t in_use() const { return in_use_; }

 private:
  const std::size_t kept_;
  std::vector<Chunk*> free_;
  std::size_t in_use_ = 0;
  std::shared_ptr<BufferBytes> all_;  // null: nobody asks
};

// A FIFO of bytes. Bounded by its user, who looks at size() before it appends more.
class ChunkQueue {
 public:
  explicit ChunkQueue(ChunkPool& pool) : pool_(&pool) {}
  ~ChunkQueue() { clear(); }
  ChunkQueue(ChunkQueue&& other) noexcept;
  ChunkQueue(const ChunkQueue&) = delete;
  ChunkQueue& operator=(const ChunkQueue&) = delete;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void append(std::string_view bytes);
  // The first contiguous run of bytes; empty when there is none. Valid until the next call.
  std::string_view front() const;
  // Up to `max` runs from the front, in order, into `out`; the count of runs.
  std::size_t runs(std::string_view* out, std::size_t max) const;
  // Calls f(run) for every contiguous run, in order.
  template <class F>
  void for_each_run(F&& f) const {
    for (const Chunk* c = head_; c != nullptr; c = c->next) {
      f(std::string_view(c->bytes + c->begin, c->end - c->begin));
    }
  }
  void consume(std::size_t n);
  void clear();

 private:
  ChunkPool* pool_;
  Chunk* head_ = nullptr;
  Chunk* tail_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace weir
