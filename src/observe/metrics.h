// Counters, gauges and duration histograms. The supervisor names series while the configuration is
// built; a worker counts in its own Cells, one plain load and store each, no lock and no name
// look-up; the scraper adds the workers' cells up. Ids stay valid and cells never move, so series
// can be added by a reload while workers count.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "observe/exposition.h"
#include "observe/histogram.h"

namespace weir::observe {

// A default id is valid and counts nowhere: what has no series yet need not be asked for.
struct CounterId {
  std::uint32_t cell = 0;
  bool operator==(const CounterId&) const = default;
};
struct GaugeId {
  std::uint32_t cell = 0;
  bool operator==(const GaugeId&) const = default;
};
struct HistogramId {
  std::uint32_t cell = 0;  // kBuckets counts, then the sum of nanoseconds
  bool operator==(const HistogramId&) const = default;
};

inline constexpr std::size_t kCellsPerSegment = 1024;
inline constexpr std::size_t kSegments =
    1024;  // 2^20 cells: 25,000 combinations of listener, route and variant
inline constexpr std::uint32_t kHistogramCells = kBuckets + 1;

// The numbers of one thread. Written by that thread alone, read by the scraper at any time.
class alignas(64) Cells {
 public:
  Cells() = default;
  ~Cells();
  Cells(const Cells&) = delete;
  Cells& operator=(const Cells&) = delete;

  void add(CounterId id, std::uint64_t n = 1) { bump(cell(id.cell), n); }
  // A gauge is the sum of what all threads added and took away; one thread alone may be below zero.
  void add(GaugeId id, std::int64_t n = 1) { bump(cell(id.cell), static_cast<std::uint64_t>(n)); }
  void observe(HistogramId id, std::uint64_t nanoseconds) {
    std::atomic<std::uint64_t>* first = &cell(id.cell);
    bump(first[bucket_of(nanoseconds)], 1);
    bump(first[kBuckets], nanoseconds);
  }

  std::uint64_t read(std::uint32_t index) const {
    return cell(index).load(std::memory_order_relaxed);
  }

 private:
  friend class Registry;
  struct alignas(64) Segment {
    std::array<std::atomic<std::uint64_t>, kCellsPerSegment> cells{};
  };

  std::atomic<std::uint64_t>& cell(std::uint32_t index) const {
    // Acquire: the segment's zeroes were written by the supervisor.
    Segment* segment = segments_[index / kCellsPerSegment].load(std::memory_order_acquire);
    return segment->cells[index % kCellsPerSegment];
  }
  // One writer: a load and a store are enough and need no locked instruction.
  static void bump(std::atomic<std::uint64_t>& cell, std::uint64_t n) {
    cell.store(cell.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }

  std::array<std::atomic<Segment*>, kSegments> segments_{};
};

class Registry {
 public:
  // One Cells for each of `writers` threads: the workers, and one more if the supervisor counts
  // too.
  explicit Registry(int writers);
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Each returns the id of the series of that name and these labels, made on first sight and kept
  // for ever: a counter never goes back because a reload dropped a route. A name that is malformed
  // or already of another type, and a series beyond the last cell, are refused: counted in
  // weir_metric_series_refused_total, and the id counts nowhere. Any thread but not on the data
  // path (takes a lock, allocates).
  CounterId counter(std::string_view name, std::string_view help, const Labels& labels = {});
  GaugeId gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  HistogramId histogram(std::string_view name, std::string_view help, const Labels& labels = {});

  int writers() const { return static_cast<int>(cells_.size()); }
  Cells& cells(int writer) { return *cells_[static_cast<std::size_t>(writer)]; }

  // The sum over all writers.
  std::uint64_t total(CounterId id) const { return sum(id.cell); }
  std::int64_t total(GaugeId id) const { return static_cast<std::int64_t>(sum(id.cell)); }

  // Families sorted by name, series by labels. Any thread.
  void render(Exposition& page) const;
  void render(std::string& out) const;

 private:
  struct Family {
    MetricType type = MetricType::counter;
    std::string help;
    std::map<Labels, std::uint32_t> series;
  };

  std::uint32_t series(std::string_view name, std::string_view help, const Labels& labels,
                       MetricType type);
  std::uint32_t allocate(std::uint32_t cells);
  std::uint64_t sum(std::uint32_t index) const;
  void render_family(Exposition& page, const Family& family) const;

  mutable std::mutex mutex_;  // names and allocation; never taken by add() and observe()
  std::vector<std::unique_ptr<Cells>> cells_;
  std::map<std::string, Family, std::less<>> families_;
  std::uint32_t next_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace weir::observe
