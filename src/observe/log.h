// The proxy's own log: rare events in plain words, one line each, `time level message`. Any thread
// may log; it takes a lock and formats, so what can happen per request goes through a LogLimiter. A
// reader that has stopped costs lines, never a waiting thread. This header is all that the rest of
// Weir sees; the library behind it stays in log.cc.
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

#include <weir/config.h>

namespace weir::observe {

// Until the first call the log goes to stderr at level info. False when the path cannot be opened:
// the log stays where it was and says why.
bool open_log(const config::Log& config);
// Opens the file anew, after somebody moved it away (SIGUSR1). False as above.
bool reopen_log();

bool log_enabled(config::LogLevel level);
// Control bytes in the text are written as \xHH: a line stays a line whatever a client sent.
void write_log(config::LogLevel level, fmt::string_view format, fmt::format_args arguments);

template <class... Args>
void log_at(config::LogLevel level, fmt::format_string<Args...> format, Args&&... arguments) {
  if (log_enabled(level)) write_log(level, format, fmt::make_format_args(arguments...));
}
template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... arguments) {
  log_at(config::LogLevel::debug, format, std::forward<Args>(arguments)...);
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... arguments) {
  log_at(config::LogLevel::info, format, std::forward<Args>(arguments)...);
}
template <class... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... arguments) {
  log_at(config::LogLevel::warn, format, std::forward<Args>(arguments)...);
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... arguments) {
  log_at(config::LogLevel::error, format, std::forward<Args>(arguments)...);
}

// At most one line a second from the place that owns it; usually a static at that place. Any
// thread.
class LogLimiter {
 public:
  struct Verdict {
    bool allowed;
    std::uint64_t suppressed;  // lines refused since the last allowed one; 0 when refused
  };
  Verdict ask(std::uint64_t now_nanoseconds);

 private:
  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::uint64_t> suppressed_{0};
};

// Writes the line if the limiter lets it, and then how many like it were left out.
void write_limited(LogLimiter& limiter, config::LogLevel level, fmt::string_view format,
                   fmt::format_args arguments);
template <class... Args>
void log_limited(LogLimiter& limiter, config::LogLevel level, fmt::format_string<Args...> format,
                 Args&&... arguments) {
  if (log_enabled(level)) {
    write_limited(limiter, level, format, fmt::make_format_args(arguments...));
  }
}

}  // namespace weir::observe
