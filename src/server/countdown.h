// Waiting for several threads to have done something: the supervisor for its workers. Each lowers
// the count once; one waits, with an end to its patience.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace weir::server {

class Countdown {
 public:
  explicit Countdown(std::size_t count) : left_(count) {}

  void done() {
    const std::lock_guard lock(mutex_);
    if (--left_ == 0) all_done_.notify_all();
  }
  // True when all have; false when that takes longer.
  bool wait(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return all_done_.wait_for(lock, patience, [this] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_done_;
  std::size_t left_;
};

}  // namespace weir::server
