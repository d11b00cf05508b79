// spdlog gives the level filter, the lock and the line's pattern; the bytes go through a LogTarget
// of ours, because spdlog's own sinks wait for a reader that has stopped.
#include "observe/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <time.h>

#include "base/ascii.h"
#include "observe/log_target.h"

namespace weir::observe {
namespace {

class TargetSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  TargetSink() {
    if (auto target = LogTarget::open("stderr")) target_.emplace(std::move(*target));
  }

  void point_at(LogTarget target, std::string path) {
    const std::lock_guard lock(mutex_);
    target_.emplace(std::move(target));
    path_ = std::move(path);
  }
  std::string path() {
    const std::lock_guard lock(mutex_);
    return path_;
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    line_.clear();
    formatter_->format(message, line_);
    if (dropped_ > 0)
      fmt::format_to(std::back_inserter(line_), "{} lines were lost here\n", dropped_);
    if (offer({line_.data(), line_.size()})) {
      dropped_ = 0;
    } else {
      ++dropped_;
    }
  }
  void flush_() override {}

 private:
  bool offer(std::string_view line) {
    while (target_ && !line.empty()) {
      const auto written = target_->write(line);
      if (!written || *written == 0) return false;
      line.remove_prefix(*written);
    }
    return line.empty();
  }

  std::optional<LogTarget> target_;
  std::string path_ = "stderr";
  spdlog::memory_buf_t line_;
  std::uint64_t dropped_ = 0;
};

spdlog::level::level_enum level_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::debug:
      return spdlog::level::debug;
    case config::LogLevel::info:
      return spdlog::level::info;
    case config::LogLevel::warn:
      return spdlog::level::warn;
    case config::LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

struct ProxyLog {
  ProxyLog() {
    sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
    logger.set_level(spdlog::level::info);
  }

  std::shared_ptr<TargetSink> sink = std::make_shared<TargetSink>();
  spdlog::logger logger{"weir", sink};
};

// Never destroyed: threads may log until the process is gone.
ProxyLog& proxy_log() {
  static auto* log = new ProxyLog;  // owned by the process
  return *log;
}

bool point_log_at(const std::string& path) {
  auto target = LogTarget::open(path);
  if (!target) {
    log_error("log: cannot open {}: {}", path, std::strerror(target.error().sys));
    return false;
  }
  proxy_log().sink->point_at(std::move(*target), path);
  return true;
}

void append_escaped(fmt::memory_buffer& out, std::string_view text) {
  for (const char c : text) {
    if (ascii::is_control(c)) {
      fmt::format_to(std::back_inserter(out), "\\x{:02X}", static_cast<unsigned char>(c));
    } else {
      out.push_back(c);
    }
  }
}

void write_line(config::LogLevel level, fmt::string_view format, fmt::format_args arguments,
                std::uint64_t suppressed) {
  fmt::memory_buffer text;
  fmt::vformat_to(std::back_inserter(text), format, arguments);
  fmt::memory_buffer line;
  append_escaped(line, {text.data(), text.size()});
  if (suppressed > 0) {
    fmt::format_to(std::back_inserter(line), " ({} more like this were left out)", suppressed);
  }
  proxy_log().logger.log(level_of(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

bool open_log(const config::Log& config) {
  proxy_log().logger.set_level(level_of(config.level));
  return point_log_at(config.path);
}

bool reopen_log() {
  return point_log_at(proxy_log().sink->path());
}

bool log_enabled(config::LogLevel level) {
  return proxy_log().logger.should_log(level_of(level));
}

void write_log(config::LogLevel level, fmt::string_view format, fmt::format_args arguments) {
  write_line(level, format, arguments, 0);
}

LogLimiter::Verdict LogLimiter::ask(std::uint64_t now_nanoseconds) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  std::uint64_t next = next_.load(std::memory_order_relaxed);
  if (now_nanoseconds < next ||
      !next_.compare_exchange_strong(next, now_nanoseconds + kSecond, std::memory_order_relaxed)) {
    suppressed_.fetch_add(1, std::memory_order_relaxed);
    return {false, 0};
  }
  return {true, suppressed_.exchange(0, std::memory_order_relaxed)};
}

void write_limited(LogLimiter& limiter, config::LogLevel level, fmt::string_view format,
                   fmt::format_args arguments) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  const auto verdict = limiter.ask(static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
                                   static_cast<std::uint64_t>(now.tv_nsec));
  if (verdict.allowed) write_line(level, format, arguments, verdict.suppressed);
}

}  // namespace weir::observe
