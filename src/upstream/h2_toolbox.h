// What the HTTP/2 connections of a worker's pool share: the sessions' common parts, carriers that
// wait for the next request, and what reads copies back. Owned by the ClusterPool; on its thread.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "http/composed_request.h"
#include "upstream/h2_carrier.h"

namespace weir::upstream {

class H2Toolbox {
 public:
  static constexpr std::size_t kKept = 256;

  explicit H2Toolbox(ChunkPool& chunks) : chunks_(chunks) { free_.reserve(kKept); }

  ChunkPool& chunks() { return chunks_; }
  const std::shared_ptr<http::H2Shared>& shared() const { return shared_; }
  http::ComposedRequest& composed() { return composed_; }

  std::unique_ptr<H2Carrier> acquire() {
    if (free_.empty()) return std::make_unique<H2Carrier>(chunks_);
    std::unique_ptr<H2Carrier> carrier = std::move(free_.back());
    free_.pop_back();
    return carrier;
  }
  void release(std::unique_ptr<H2Carrier> carrier, net::RetireList& retired) {
    carrier->end();
    if (free_.size() == kKept) {
      retired.retire(std::move(carrier));
    } else {
      free_.push_back(std::move(carrier));
    }
  }

 private:
  ChunkPool& chunks_;
  const std::shared_ptr<http::H2Shared> shared_ = http::make_h2_client_shared();
  http::ComposedRequest composed_;
  std::vector<std::unique_ptr<H2Carrier>> free_;
};

}  // namespace weir::upstream
