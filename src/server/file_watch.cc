// Looking at a file: first where it is and when it was written, and only if that differs at what
// is in it.
#include "server/file_watch.h"

#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <utility>

#include "base/hash.h"

namespace weir::server {

FileWatch::FileWatch(net::Loop& loop, std::string path, void (*changed)(void* owner), void* owner)
    : loop_(loop),
      path_(std::move(path)),
      changed_(changed),
      owner_(owner),
      timer_([](void* self) { static_cast<FileWatch*>(self)->look(); }, this) {
  take_as_seen();
  loop_.wheel().arm_in(timer_, kLookMs);
}

FileWatch::~FileWatch() {
  timer_.cancel();
}

void FileWatch::take_as_seen() {
  seen_ = settled_ = stamp();
  known_ = content_hash();
}

FileWatch::Stamp FileWatch::stamp() const {
  struct stat status{};
  if (::stat(path_.c_str(), &status) != 0) return {};
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = static_cast<std::uint64_t>(status.st_size),
          .seconds = status.st_mtim.tv_sec,
          .nanoseconds = status.st_mtim.tv_nsec,
          .there = true};
}

std::uint64_t FileWatch::content_hash() const {
  std::ifstream file(path_, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return hash64(content.str());
}

void FileWatch::look() {
  loop_.wheel().arm_in(timer_, kLookMs);
  const Stamp now = stamp();
  const bool settled = now == std::exchange(settled_, now);
  if (!settled || !now.there || now == seen_) return;
  seen_ = now;
  const std::uint64_t content = content_hash();
  if (content == std::exchange(known_, content)) return;
  changed_(owner_);
}

}  // namespace weir::server
