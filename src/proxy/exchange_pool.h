// The working part of an HTTP/1 connection while a request is in progress: the exchange and the
// parser that feeds it. An idle connection has none, so that it stays small; they are taken from
// this pool at a request's first byte and put back after its last, memory and all.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "http/h1_parser.h"
#include "proxy/exchange.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

struct ActiveRequest final : net::Retirable {
  explicit ActiveRequest(WorkerContext& context) : exchange(context) {}
  Exchange exchange;
  http::H1RequestParser parser;
};

// One per worker, on its thread. Outlives all connections.
class ExchangePool {
 public:
  static constexpr std::size_t kKept = 512;

  ExchangePool() { free_.reserve(kKept); }
  ExchangePool(const ExchangePool&) = delete;
  ExchangePool& operator=(const ExchangePool&) = delete;

  std::unique_ptr<ActiveRequest> acquire(WorkerContext& context);
  // Allowed while frames of the exchange are on the stack: nothing is destroyed before the turn is
  // over.
  void release(WorkerContext& context, std::unique_ptr<ActiveRequest> active);

 private:
  std::vector<std::unique_ptr<ActiveRequest>> free_;
};

}  // namespace weir::proxy
