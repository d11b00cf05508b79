// Who holds what: rings belong to the workers' ends and live as long as the AccessLog; the writer
// comes and goes with the configuration.
#include "observe/access_log.h"

#include <utility>

#include "observe/combined_line.h"
#include "observe/json_line.h"

namespace weir::observe {

void WorkerLog::write(const ExchangeRecord& record) {
  const auto format = format_.load(std::memory_order_relaxed);
  if (format == config::LogFormat::off) return;
  const bool json = format == config::LogFormat::json;
  if (record.is_copy && !json) return;  // readers of the combined format take every line for a hit
  char* out = ring_.reserve(json ? json_line_bound(record) : combined_line_bound(record));
  if (out == nullptr) return;
  clock_.refresh(record.times.end);
  const std::uint64_t begin = record.times.begin;
  char* end = json ? write_json_line(record, clock_.rfc3339(begin), out)
                   : write_combined_line(record, clock_.clf(begin), out);
  ring_.commit(static_cast<std::size_t>(end - out));
}

AccessLog::AccessLog(int workers, LogWriter::Timing timing) : timing_(timing) {
  for (int i = 0; i < workers; ++i) workers_.push_back(std::make_unique<WorkerLog>(format_));
}

AccessLog::~AccessLog() = default;

Error AccessLog::open(const config::AccessLog& config) {
  if (config.format == config::LogFormat::off) {
    format_.store(config.format, std::memory_order_relaxed);
    if (writer_) {
      writer_->stop();
      dropped_by_writers_ += writer_->dropped();
      writer_.reset();
    }
    path_.clear();
    return {};
  }
  if (config.path != path_) {
    if (const Error error = point_writer_at(config.path)) return error;
    path_ = config.path;
  }
  format_.store(config.format, std::memory_order_relaxed);
  return {};
}

Error AccessLog::reopen() {
  return writer_ ? point_writer_at(path_) : Error{};
}

Error AccessLog::point_writer_at(const std::string& path) {
  auto target = LogTarget::open(path);
  if (!target) return target.error();
  if (writer_) {
    writer_->replace(std::move(*target));
    return {};
  }
  std::vector<LogRing*> rings;
  for (auto& worker : workers_) rings.push_back(&worker->ring());
  writer_ = std::make_unique<LogWriter>(std::move(rings), std::move(*target), timing_);
  return {};
}

void AccessLog::flush() {
  if (writer_) writer_->flush();
}

void AccessLog::render(Exposition& page) const {
  std::uint64_t full = 0;
  for (const auto& worker : workers_) full += worker->ring().dropped();
  page.family("weir_access_log_dropped_lines_total", MetricType::counter,
              "Access log lines lost: their ring was full, or the target is broken.");
  page.sample({{"reason", "ring_full"}}, full);
  page.sample({{"reason", "write_failed"}},
              dropped_by_writers_ + (writer_ ? writer_->dropped() : 0));
}

}  // namespace weir::observe
