// The one thread that takes lines out of the workers' rings and writes them to the access log's
// target. Owned by AccessLog. It wakes by time, never because of a line, so logging costs a worker
// no system call; a target that does not take bytes leaves them in the rings, and full rings drop
// lines: workers never wait.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "observe/log_ring.h"
#include "observe/log_target.h"

namespace weir::observe {

class LogWriter {
 public:
  struct Timing {
    std::chrono::milliseconds interval{25};      // between looks at the rings
    std::chrono::milliseconds busy_interval{5};  // after one of them was found an eighth full
    std::chrono::milliseconds last_flush{
        2000};  // how long the end may take with a reader that has stopped
  };

  // The rings outlive the writer. Starts the thread.
  LogWriter(std::vector<LogRing*> rings, LogTarget target, Timing timing);
  ~LogWriter();  // stop()
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // The rest is for any thread but the workers'.
  // What is not yet written goes to the new target; a line that was torn when the old one stopped
  // is written anew.
  void replace(LogTarget target);
  // Returns when all lines committed before the call have been offered to the target.
  void flush();
  // Ends the thread: writes what the rings hold, for at most timing.last_flush, and gives the rest
  // up. Afterwards only dropped() makes sense; a second call does nothing.
  void stop();
  // Lines given up: the target is broken (a pipe without a reader), or did not take them before the
  // end. Those that found their ring full are the ring's to count.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  enum class Outcome : std::uint8_t { drained, blocked, failed };

  void run();
  void adopt_replacement();
  void drain();
  Outcome drain_ring(LogRing& ring);
  void note_written(LogRing& ring, std::size_t bytes);
  Outcome note_failure(LogRing& ring, Error error);
  void drain_for_the_last_time();
  void give_up(LogRing& ring);

  const std::vector<LogRing*> rings_;
  const Timing timing_;

  // The thread's own.
  LogTarget target_;
  std::size_t first_ = 0;       // the ring the next pass begins with
  std::size_t torn_bytes_ = 0;  // of that ring's first line, already written
  Outcome outcome_ = Outcome::drained;
  bool busy_ = false;
  bool failing_ = false;
  std::atomic<std::uint64_t> dropped_{0};

  std::mutex mutex_;  // all below; never taken by a worker
  std::condition_variable wake_;
  std::condition_variable passed_;
  std::optional<LogTarget> replacement_;
  std::uint64_t asked_ = 0;  // flushes
  std::uint64_t done_ = 0;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses the rest
};

}  // namespace weir::observe
