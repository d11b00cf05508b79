// Chunk pools and queues; the contract is in chunk.h. Copies bytes, nothing else.
#include "base/chunk.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace weir {

ChunkPool::~ChunkPool() {
  assert(in_use_ == 0);
  for (Chunk* chunk : free_) delete chunk;
}

Chunk* ChunkPool::acquire() {
  ++in_use_;
  if (all_) all_->add(limits::kChunkBytes);
  if (free_.empty()) return new Chunk;
  Chunk* chunk = free_.back();
  free_.pop_back();
  chunk->next = nullptr;
  chunk->begin = chunk->end = 0;
  return chunk;
}

void ChunkPool::release(Chunk* chunk) {
  --in_use_;
  if (all_) all_->take_away(limits::kChunkBytes);
  if (free_.size() < kept_) {
    free_.push_back(chunk);
  } else {
    delete chunk;
  }
}

ChunkQueue::ChunkQueue(ChunkQueue&& other) noexcept
    : pool_(other.pool_),
      head_(std::exchange(other.head_, nullptr)),
      tail_(std::exchange(other.tail_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

void ChunkQueue::append(std::string_view bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    if (tail_ == nullptr || tail_->end == limits::kChunkBytes) {
      Chunk* chunk = pool_->acquire();
      (tail_ == nullptr ? head_ : tail_->next) = chunk;
      tail_ = chunk;
    }
    const std::size_t n = std::min(bytes.size(), limits::kChunkBytes - tail_->end);
    std::memcpy(tail_->bytes + tail_->end, bytes.data(), n);
    tail_->end += static_cast<std::uint32_t>(n);
    bytes.remove_prefix(n);
  }
}

std::string_view ChunkQueue::front() const {
  if (head_ == nullptr) return {};
  return {head_->bytes + head_->begin, head_->end - head_->begin};
}

std::size_t ChunkQueue::runs(std::string_view* out, std::size_t max) const {
  std::size_t n = 0;
  for (const Chunk* c = head_; c != nullptr && n < max; c = c->next) {
    out[n++] = {c->bytes + c->begin, c->end - c->begin};
  }
  return n;
}

void ChunkQueue::consume(std::size_t n) {
  assert(n <= size_);
  size_ -= n;
  while (head_ != nullptr) {
    const std::size_t here = std::min<std::size_t>(n, head_->end - head_->begin);
    head_->begin += static_cast<std::uint32_t>(here);
    n -= here;
    if (head_->begin < head_->end) break;
    Chunk* done = head_;
    head_ = done->next;
    if (head_ == nullptr) tail_ = nullptr;
    pool_->release(done);
  }
  assert(n == 0);
}

void ChunkQueue::clear() {
  while (head_ != nullptr) pool_->release(std::exchange(head_, head_->next));
  tail_ = nullptr;
  size_ = 0;
}

}  // namespace weir
