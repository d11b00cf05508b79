// Messages to a worker's thread: rare (a snapshot, a drain), so a lock serves. The sender posts and
// wakes the loop; the worker takes everything at once.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace weir::server {

class Mailbox {
 public:
  using Message = std::function<void()>;

  void put(Message message) {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
  }
  std::vector<Message> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(messages_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<Message> messages_;
};

}  // namespace weir::server
