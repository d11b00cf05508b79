// Writing and removing the pid file.
#include "server/pid_file.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace weir::server {

Error PidFile::write() {
  if (path_.empty()) return {};
  const std::string own = std::to_string(::getpid());
  const std::string fresh = path_ + "." + own;
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return {Errc::system, errno};
  const std::string line = own + "\n";
  const bool whole = ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const int failure = whole ? 0 : errno;
  ::close(fd);
  if (!whole || ::rename(fresh.c_str(), path_.c_str()) != 0) {
    const Error error{Errc::system, whole ? errno : failure};
    ::unlink(fresh.c_str());
    return error;
  }
  written_ = true;
  return {};
}

PidFile::~PidFile() {
  if (!written_) return;
  long pid = 0;
  if (std::ifstream(path_) >> pid && pid == ::getpid()) ::unlink(path_.c_str());
}

}  // namespace weir::server
