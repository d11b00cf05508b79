// Keeps a bounded number of released blocks for the next acquire, so that connections which come
// and go do not go through the system's allocator. One per loop and kind of block; its thread only.
// Blocks stay constructed.
#pragma once

#include <cstddef>
#include <vector>

namespace weir::net {

// Under AddressSanitizer nothing is kept: a late callback to a freed block must be seen.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr std::size_t kKeptBlocks = 0;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr std::size_t kKeptBlocks = 0;
#else
inline constexpr std::size_t kKeptBlocks = 256;
#endif
#else
inline constexpr std::size_t kKeptBlocks = 256;
#endif

template <class T>
class FreeList {
 public:
  FreeList() { free_.reserve(kKeptBlocks); }
  ~FreeList() {
    for (T* block : free_) delete block;
  }
  FreeList(const FreeList&) = delete;
  FreeList& operator=(const FreeList&) = delete;

  // A kept block in the state it was released in, or a new one made from `args`.
  template <class... Args>
  T* acquire(Args&&... args) {
    if (free_.empty()) return new T(args...);
    T* block = free_.back();
    free_.pop_back();
    return block;
  }
  void release(T* block) {
    if (free_.size() < kKeptBlocks) {
      free_.push_back(block);
    } else {
      delete block;
    }
  }

 private:
  std::vector<T*> free_;
};

}  // namespace weir::net
