// Looking at files: first where they are and when they were written, and only if that differs at
// what is in them.
#include "server/file_watch.h"

#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <utility>

#include "base/hash.h"
#include "config/include.h"

namespace weir::server {

FileWatch::FileWatch(net::Loop& loop, std::string path, std::vector<std::string> patterns,
                     void (*changed)(void* owner), void* owner)
    : loop_(loop),
      path_(std::move(path)),
      patterns_(std::move(patterns)),
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
  seen_ = settled_ = stamps();
  known_ = content_hash(seen_);
}

bool FileWatch::follow(const std::vector<std::string>& patterns) {
  if (patterns == patterns_) return false;
  patterns_ = patterns;
  take_as_seen();
  return true;
}

FileWatch::Stamps FileWatch::stamps() const {
  Stamps stamps;
  const auto add = [&](const std::string& path) {
    Stamp& stamp = stamps.emplace_back();
    stamp.path = path;
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return;
    stamp.device = status.st_dev;
    stamp.inode = status.st_ino;
    stamp.size = static_cast<std::uint64_t>(status.st_size);
    stamp.seconds = status.st_mtim.tv_sec;
    stamp.nanoseconds = status.st_mtim.tv_nsec;
    stamp.there = true;
  };
  add(path_);
  for (const std::string& pattern : patterns_) {
    for (const std::string& path : config::files_of(pattern)) add(path);
  }
  return stamps;
}

std::uint64_t FileWatch::content_hash(const Stamps& files) {
  std::ostringstream content;
  for (const Stamp& stamp : files) {
    content << stamp.path << '\n' << stamp.there << '\n';
    std::ifstream file(stamp.path, std::ios::binary);
    // An empty buffer would put the stream into failure.
    if (file.peek() != std::ifstream::traits_type::eof()) content << file.rdbuf();
  }
  return hash64(content.str());
}

void FileWatch::look() {
  loop_.wheel().arm_in(timer_, kLookMs);
  const Stamps now = stamps();
  const bool settled = now == std::exchange(settled_, now);
  if (!settled || !now.front().there || now == seen_) return;
  seen_ = now;
  const std::uint64_t content = content_hash(now);
  if (content == std::exchange(known_, content)) return;
  changed_(owner_);
}

}  // namespace weir::server
