// A handful of blocks per thread, of one size that all record buffers fit in. The size of a block
// is the allocator's own knowledge (malloc_usable_size), so blocks need no header of ours.
#include "net/tls_memory.h"

#include <openssl/crypto.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <malloc.h>

#include "net/free_list.h"

namespace weir::net {
namespace {

constexpr std::size_t kLeast = 16 * 1024;  // less is not a record's
constexpr std::size_t kBlock = 18 * 1024;
constexpr std::size_t kKept = 16;

// Is gone before the thread's other objects may be: `closed` outlives it.
struct KeptBlocks {
  ~KeptBlocks() {
    closed = true;
    while (count > 0) std::free(blocks[--count]);
  }
  std::array<void*, kKept> blocks;
  std::size_t count = 0;
  static thread_local bool closed;
};
thread_local bool KeptBlocks::closed = false;
thread_local KeptBlocks kept;

void* take(std::size_t size, const char*, int) {
  if (size == 0) return nullptr;
  if (size < kLeast || size > kBlock || KeptBlocks::closed) return std::malloc(size);
  return kept.count > 0 ? kept.blocks[--kept.count] : std::malloc(kBlock);
}

void give(void* block, const char*, int) {
  if (block == nullptr) return;
  const std::size_t size = malloc_usable_size(block);
  if (size >= kBlock && size < kBlock + 1024 && !KeptBlocks::closed && kept.count < kKept) {
    kept.blocks[kept.count++] = block;
  } else {
    std::free(block);
  }
}

void* retake(void* block, std::size_t size, const char* file, int line) {
  if (size == 0) {
    give(block, file, line);
    return nullptr;
  }
  return std::realloc(block, size);
}

}  // namespace

void keep_tls_buffers() {
  // AddressSanitizer is to see each use of a buffer that was given back.
  if (kKeptBlocks > 0) CRYPTO_set_mem_functions(take, retake, give);
}

}  // namespace weir::net
