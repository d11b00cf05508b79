// Notices that the configuration file has become another: written in place, renamed over, or a
// symlink on the way to it changed (as Kubernetes' ConfigMaps do). Looks twice a second, because
// that sees every way a file can change on every file system; waits until it stays the same between
// two looks, so that a half-written file is not read; and compares contents, so that a touched file
// is none. On the supervisor's loop.
#pragma once

#include <cstdint>
#include <string>

#include "net/loop.h"
#include "net/timer_wheel.h"

namespace weir::server {

class FileWatch {
 public:
  static constexpr net::TimeMs kLookMs = 500;

  // Calls changed(owner) after the content has changed. Begins with what the file has now.
  FileWatch(net::Loop& loop, std::string path, void (*changed)(void* owner), void* owner);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // The content as it is now is known: a change up to here is none.
  void take_as_seen();

 private:
  // Where the content is; equal for a file that nobody touched.
  struct Stamp {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t seconds = 0, nanoseconds = 0;  // of the last modification
    bool there = false;
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp() const;
  std::uint64_t content_hash() const;
  void look();

  net::Loop& loop_;
  const std::string path_;
  void (*changed_)(void* owner);
  void* owner_;
  net::TimerEntry timer_;
  Stamp seen_;     // what the known content had
  Stamp settled_;  // at the last look
  std::uint64_t known_ = 0;
};

}  // namespace weir::server
