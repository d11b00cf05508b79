// A worker's copies: those under way, and a few ready for the next. Also where their content is
// kept. One per worker, on its thread; outlives all exchanges.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/intrusive_list.h"
#include "proxy/mirror_copy.h"
#include "proxy/shared_content.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

class MirrorRunner {
 public:
  static constexpr std::size_t kKept = 256;
  static constexpr std::size_t kKeptBytes = 4 * 1024;  // of each buffer of a copy that is kept

  explicit MirrorRunner(ChunkPool& chunks) : contents_(chunks) { free_.reserve(kKept); }
  MirrorRunner(const MirrorRunner&) = delete;
  MirrorRunner& operator=(const MirrorRunner&) = delete;

  // A copy to compose; it comes back by itself.
  MirrorCopy& acquire(WorkerContext& context);
  ContentRef new_content() { return contents_.acquire(); }

  // No copy is under way; those that wait for their request belong to its exchange.
  bool idle() const { return running_.empty(); }
  // Ends those under way.
  void stop_all();

  // --- for copies ---
  void started(MirrorCopy& copy) { running_.push_back(copy); }
  void release(MirrorCopy& copy);

 private:
  ContentPool contents_;
  std::vector<std::unique_ptr<MirrorCopy>> free_;
  IntrusiveList<MirrorCopy, &MirrorCopy::link_> running_;
};

}  // namespace weir::proxy
