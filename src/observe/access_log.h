// The access log: one line for every finished exchange. The server owns it and gives each worker
// its WorkerLog; a worker formats straight into its own ring, and the log writer's thread carries
// the bytes on. A worker never waits for the log, and a line is written whole or dropped and
// counted.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include <weir/config.h>
#include <weir/error.h>

#include "observe/exchange_record.h"
#include "observe/exposition.h"
#include "observe/log_ring.h"
#include "observe/log_writer.h"
#include "observe/wall_clock.h"

namespace weir::observe {

// One worker's end of the log.
class alignas(64) WorkerLog {
 public:
  explicit WorkerLog(const std::atomic<config::LogFormat>& format) : format_(format) {}

  // The worker's thread only. Neither allocates nor blocks; a clock is read at most once a second.
  void write(const ExchangeRecord& record);

  LogRing& ring() { return ring_; }

 private:
  const std::atomic<config::LogFormat>& format_;
  WallClock clock_;
  LogRing ring_;
};

class AccessLog {
 public:
  // Off until open() says otherwise.
  explicit AccessLog(int workers, LogWriter::Timing timing = {});
  // The workers are done by now; what they logged is written (bounded by Timing::last_flush).
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  WorkerLog& worker(int index) { return *workers_[static_cast<std::size_t>(index)]; }

  // The rest is for the supervisor's thread.
  // Takes up a configuration, the first or a reload's. On an error (permission_denied or system,
  // with errno) the log stays as it was. Going to `off` waits for what is left to be written.
  [[nodiscard]] Error open(const config::AccessLog& config);
  // Opens the file anew, after somebody moved it away (SIGUSR1). On an error the old one stays in
  // use.
  [[nodiscard]] Error reopen();
  // Returns when all lines logged before the call have been offered to the target.
  void flush();
  // weir_access_log_dropped_lines_total.
  void render(Exposition& page) const;

 private:
  Error point_writer_at(const std::string& path);

  const LogWriter::Timing timing_;
  std::atomic<config::LogFormat> format_{config::LogFormat::off};
  std::vector<std::unique_ptr<WorkerLog>> workers_;
  std::string path_;
  std::unique_ptr<LogWriter> writer_;     // none while off
  std::uint64_t dropped_by_writers_ = 0;  // by those that are gone
};

}  // namespace weir::observe
