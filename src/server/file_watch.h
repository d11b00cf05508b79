// Notices that the configuration has become another: its file, or one that it includes, written in
// place, renamed over, added, removed, or a symlink on the way changed (as Kubernetes' ConfigMaps
// do). Looks twice a second, because
// that sees every way a file can change on every file system; waits until it stays the same between
// two looks, so that a half-written file is not read; and compares contents, so that a touched file
// is none. On the supervisor's loop.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/timer_wheel.h"

namespace weir::server {

class FileWatch {
 public:
  static constexpr net::TimeMs kLookMs = 500;

  // Calls changed(owner) after the content of the file, or of what the patterns name, has changed.
  // Begins with what they have now.
  FileWatch(net::Loop& loop, std::string path, std::vector<std::string> patterns,
            void (*changed)(void* owner), void* owner);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // The content as it is now is known: a change up to here is none.
  void take_as_seen();
  // From now on these patterns, with what they name as it is now. False when they are the same as
  // before.
  bool follow(const std::vector<std::string>& patterns);

 private:
  // Where the content is; equal for a file that nobody touched.
  struct Stamp {
    std::string path;
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t seconds = 0, nanoseconds = 0;  // of the last modification
    bool there = false;
    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::vector<Stamp>;  // the main file's first
  Stamps stamps() const;
  static std::uint64_t content_hash(const Stamps& files);
  void look();

  net::Loop& loop_;
  const std::string path_;
  std::vector<std::string> patterns_;
  void (*changed_)(void* owner);
  void* owner_;
  net::TimerEntry timer_;
  Stamps seen_;     // what the known content had
  Stamps settled_;  // at the last look
  std::uint64_t known_ = 0;
};

}  // namespace weir::server
