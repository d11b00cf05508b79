// A blocking descriptor is written without blocking by asking poll() first and then writing no more
// than PIPE_BUF bytes, which a writable pipe takes whole (pipe(7)). Regular files never wait for a
// reader and take any amount.
#include "observe/log_target.h"

#include <cerrno>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace weir::observe {
namespace {

Failure failure(int error) {
  const bool denied = error == EACCES || error == EPERM || error == EROFS;
  return Failure(Error{denied ? Errc::permission_denied : Errc::system, error});
}

// Another open of the same pipe or terminal gets flags of its own, so it may be non-blocking
// without its other users noticing. Where that is not permitted, a duplicate of the descriptor has
// to do.
int own_descriptor(int inherited) {
  struct stat status{};
  if (fstat(inherited, &status) == 0 && (S_ISFIFO(status.st_mode) || isatty(inherited) == 1)) {
    const std::string path = "/proc/self/fd/" + std::to_string(inherited);
    const int fd = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0) return fd;
  }
  return fcntl(inherited, F_DUPFD_CLOEXEC, 3);
}

bool writable_now(int fd) {
  pollfd ask{.fd = fd, .events = POLLOUT, .revents = 0};
  return poll(&ask, 1, 0) == 1;
}

// The whole lines that fit PIPE_BUF, or as much of a longer line as does.
std::string_view pipe_piece(std::string_view bytes) {
  if (bytes.size() <= PIPE_BUF) return bytes;
  const std::size_t newline = bytes.substr(0, PIPE_BUF).rfind('\n');
  return bytes.substr(0, newline == std::string_view::npos ? PIPE_BUF : newline + 1);
}

}  // namespace

LogTarget::~LogTarget() {
  if (fd_ >= 0) close(fd_);
}

LogTarget::LogTarget(LogTarget&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), kind_(other.kind_) {}

LogTarget& LogTarget::operator=(LogTarget&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(kind_, other.kind_);
  return *this;
}

LogTarget LogTarget::from_descriptor(int fd) {
  struct stat status{};
  Kind kind = Kind::stream;
  if (fstat(fd, &status) == 0) {
    if (S_ISREG(status.st_mode)) kind = Kind::file;
    if (S_ISSOCK(status.st_mode)) kind = Kind::socket;
  }
  return {fd, kind};
}

Result<LogTarget> LogTarget::open(const std::string& path) {
  int fd = -1;
  if (path == "stdout" || path == "stderr") {
    fd = own_descriptor(path == "stdout" ? STDOUT_FILENO : STDERR_FILENO);
  } else {
    constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    fd = ::open(path.c_str(), kFlags, 0640);
  }
  if (fd < 0) return failure(errno);
  return from_descriptor(fd);
}

Result<std::size_t> LogTarget::write(std::string_view bytes) {
  ssize_t written = -1;
  switch (kind_) {
    case Kind::file:
      written = ::write(fd_, bytes.data(), bytes.size());
      break;
    case Kind::socket:
      written = send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      break;
    case Kind::stream: {
      if (!writable_now(fd_)) return 0;
      const std::string_view piece = pipe_piece(bytes);
      written = ::write(fd_, piece.data(), piece.size());
      break;
    }
  }
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
  return failure(errno);
}

void LogTarget::wait_writable(std::chrono::milliseconds at_most) const {
  pollfd ask{.fd = fd_, .events = POLLOUT, .revents = 0};
  poll(&ask, 1, static_cast<int>(at_most.count()));
}

}  // namespace weir::observe
