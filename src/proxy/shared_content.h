// A request's content, kept once for all of its copies: counted references, on one worker. Framed
// as it will be sent. Objects and their chunks come from the worker's pools.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/chunk.h"

namespace weir::proxy {

class ContentPool;

class SharedContent {
 public:
  SharedContent(ContentPool& home, ChunkPool& chunks) : bytes(chunks), home_(home) {}

  ChunkQueue bytes;

 private:
  friend class ContentRef;
  ContentPool& home_;
  std::uint32_t references_ = 0;
};

// Keeps content alive; empty when default made or moved from.
class ContentRef {
 public:
  ContentRef() = default;
  explicit ContentRef(SharedContent& content) : content_(&content) { ++content.references_; }
  ContentRef(const ContentRef& other) : content_(other.content_) {
    if (content_ != nullptr) ++content_->references_;
  }
  ContentRef(ContentRef&& other) noexcept : content_(std::exchange(other.content_, nullptr)) {}
  ContentRef& operator=(ContentRef other) noexcept {
    std::swap(content_, other.content_);
    return *this;
  }
  ~ContentRef();

  explicit operator bool() const { return content_ != nullptr; }
  ChunkQueue* bytes() const { return content_ == nullptr ? nullptr : &content_->bytes; }
  void reset() { *this = ContentRef(); }

 private:
  SharedContent* content_ = nullptr;
};

// One per worker; outlives what it made.
class ContentPool {
 public:
  static constexpr std::size_t kKept = 64;

  explicit ContentPool(ChunkPool& chunks) : chunks_(chunks) { free_.reserve(kKept); }
  ContentPool(const ContentPool&) = delete;
  ContentPool& operator=(const ContentPool&) = delete;

  ContentRef acquire() {
    if (free_.empty()) return ContentRef(*new SharedContent(*this, chunks_));  // owned by its refs
    SharedContent* content = free_.back().release();
    free_.pop_back();
    return ContentRef(*content);
  }

 private:
  friend class ContentRef;
  void take_back(std::unique_ptr<SharedContent> content) {
    content->bytes.clear();
    if (free_.size() < kKept) free_.push_back(std::move(content));
  }

  ChunkPool& chunks_;
  std::vector<std::unique_ptr<SharedContent>> free_;
};

inline ContentRef::~ContentRef() {
  if (content_ == nullptr || --content_->references_ > 0) return;
  content_->home_.take_back(std::unique_ptr<SharedContent>(content_));
}

}  // namespace weir::proxy
