// A growing byte buffer that keeps its memory when cleared: heads are kept in one, and each worker
// composes what it sends in one. Not a queue: bytes are appended at the end and dropped all at
// once.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace weir {

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t capacity) { grow(capacity); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  const char* data() const { return data_.get(); }
  char* data() { return data_.get(); }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_.get(), size_}; }
  std::string_view view(std::size_t offset, std::size_t length) const {
    return {data_.get() + offset, length};
  }

  void clear() { size_ = 0; }
  void truncate(std::size_t size) { size_ = size; }
  // Gives memory beyond `capacity` back; for objects that wait in a pool. The content is lost.
  void shrink(std::size_t capacity) {
    size_ = 0;
    if (capacity_ <= capacity) return;
    data_.reset();
    capacity_ = 0;
  }

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
  }
  void append(char c) { *extend(1) = c; }
  // Room for `n` more bytes at the end, already counted in size(); the caller fills it.
  char* extend(std::size_t n) {
    if (capacity_ - size_ < n) grow(size_ + n);
    char* at = data_.get() + size_;
    size_ += n;
    return at;
  }

 private:
  void grow(std::size_t needed) {
    std::size_t capacity = capacity_ == 0 ? 1024 : capacity_;
    while (capacity < needed) capacity *= 2;
    auto bigger = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ > 0) std::memcpy(bigger.get(), data_.get(), size_);
    data_ = std::move(bigger);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace weir
