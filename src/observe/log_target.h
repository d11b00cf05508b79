// Where log lines go: stdout, stderr or a file, written without ever waiting for a reader. Owned by
// the log writer (access log) or by the proxy's own log; used by one thread at a time. It never
// changes the flags of a descriptor it inherited, because stdout and stderr are shared with the
// shell and other processes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <weir/error.h>

namespace weir::observe {

class LogTarget {
 public:
  ~LogTarget();
  LogTarget(LogTarget&& other) noexcept;
  LogTarget& operator=(LogTarget&& other) noexcept;
  LogTarget(const LogTarget&) = delete;
  LogTarget& operator=(const LogTarget&) = delete;

  // "stdout", "stderr" or the path of a file, which is made (mode 0640) or appended to. Errors:
  // permission_denied, system, both with errno. A FIFO needs a reader by now.
  static Result<LogTarget> open(const std::string& path);
  // Takes the descriptor over.
  static LogTarget from_descriptor(int fd);

  // Writes from the front of `bytes` what goes at once: the count, 0 when nothing does just now.
  // May take less than would go, so call again for the rest. To a pipe whole lines at a time, as
  // far as they fit PIPE_BUF, so that lines of several processes do not mix. Errors: system with
  // errno.
  Result<std::size_t> write(std::string_view bytes);

  // Waits until write() may go on, at most this long.
  void wait_writable(std::chrono::milliseconds at_most) const;

 private:
  enum class Kind : std::uint8_t { file, socket, stream };  // stream: pipe, terminal, other device
  LogTarget(int fd, Kind kind) : fd_(fd), kind_(kind) {}

  int fd_ = -1;
  Kind kind_ = Kind::file;
};

}  // namespace weir::observe
