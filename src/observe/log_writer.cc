// The writer's loop. Bytes leave a ring only when their line is written whole: a line that a full
// disk or a busy socket tore is continued first, before any other ring's, and is repeated whole in
// a new target.
#include "observe/log_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <pthread.h>
#include <signal.h>
#include <utility>

#include "observe/log.h"

namespace weir::observe {
namespace {

// Signals are for the supervisor. A blocked SIGPIPE makes a write to a pipe without a reader an
// error like any other.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

// Errors that pass when somebody makes room; until then lines wait in their rings.
bool passes(const Error& error) {
  switch (error.sys) {
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case ENOMEM:
    case ENOBUFS:
      return true;
    default:
      return false;
  }
}

}  // namespace

LogWriter::LogWriter(std::vector<LogRing*> rings, LogTarget target, Timing timing)
    : rings_(std::move(rings)),
      timing_(timing),
      target_(std::move(target)),
      thread_([this] { run(); }) {}

LogWriter::~LogWriter() {
  stop();
}

void LogWriter::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LogWriter::replace(LogTarget target) {
  {
    const std::lock_guard lock(mutex_);
    replacement_ = std::move(target);
  }
  wake_.notify_one();
}

void LogWriter::flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t mine = ++asked_;
  wake_.notify_one();
  passed_.wait(lock, [&] { return done_ >= mine; });
}

void LogWriter::run() {
  block_signals();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, busy_ ? timing_.busy_interval : timing_.interval,
                   [this] { return stopping_ || asked_ != done_ || replacement_; });
    const std::uint64_t asked = asked_;
    adopt_replacement();
    lock.unlock();
    drain();
    lock.lock();
    done_ = asked;
    passed_.notify_all();
  }
  adopt_replacement();
  lock.unlock();
  drain_for_the_last_time();
}

void LogWriter::adopt_replacement() {
  if (!replacement_) return;
  target_ = std::move(*replacement_);
  replacement_.reset();
  torn_bytes_ = 0;
}

// One look at every ring. Each pass begins with another ring, so that a slow target takes from all
// of them.
void LogWriter::drain() {
  busy_ = false;
  outcome_ = Outcome::drained;
  if (rings_.empty()) return;
  if (torn_bytes_ == 0) first_ = (first_ + 1) % rings_.size();
  for (std::size_t i = 0; i < rings_.size(); ++i) {
    const std::size_t index = (first_ + i) % rings_.size();
    outcome_ = drain_ring(*rings_[index]);
    if (torn_bytes_ != 0) first_ = index;
    if (outcome_ != Outcome::drained) return;
  }
}

// Until the ring is empty or the target takes no more. A worker that logs as fast as this writes
// cannot keep it here: after one ring's worth of bytes, at a line's end, the others get their turn.
LogWriter::Outcome LogWriter::drain_ring(LogRing& ring) {
  std::size_t drained = 0;
  while (drained < ring.capacity() || torn_bytes_ != 0) {
    const std::string_view run = ring.front();
    if (run.empty()) break;
    const auto written = target_.write(run.substr(torn_bytes_));
    if (!written) return note_failure(ring, written.error());
    if (*written == 0) return Outcome::blocked;
    drained += *written;
    note_written(ring, *written);
  }
  busy_ = busy_ || drained > ring.capacity() / 8;
  return Outcome::drained;
}

void LogWriter::note_written(LogRing& ring, std::size_t bytes) {
  const std::size_t written = torn_bytes_ + bytes;
  const std::size_t newline = ring.front().substr(0, written).rfind('\n');
  const std::size_t whole = newline == std::string_view::npos ? 0 : newline + 1;
  ring.consume(whole);
  torn_bytes_ = written - whole;
  if (failing_) log_info("access log: writing again");
  failing_ = false;
}

LogWriter::Outcome LogWriter::note_failure(LogRing& ring, Error error) {
  if (!failing_) {
    log_error("access log: cannot write: {}", std::strerror(error.sys));
    failing_ = true;
  }
  if (!passes(error)) give_up(ring);
  return Outcome::failed;
}

// Called for a ring that may hold a torn line; the target that has its beginning is broken.
void LogWriter::give_up(LogRing& ring) {
  std::uint64_t lines = 0;
  for (std::string_view run = ring.front(); !run.empty(); run = ring.front()) {
    lines += static_cast<std::uint64_t>(std::count(run.begin(), run.end(), '\n'));
    ring.consume(run.size());
  }
  torn_bytes_ = 0;
  dropped_.fetch_add(lines, std::memory_order_relaxed);
}

void LogWriter::drain_for_the_last_time() {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + timing_.last_flush;
  for (drain(); outcome_ == Outcome::blocked; drain()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) break;
    target_.wait_writable(left);
  }
  for (LogRing* ring : rings_) give_up(*ring);
}

}  // namespace weir::observe
