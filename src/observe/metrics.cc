// Naming series and adding cells up; counting itself is inline in the header.
#include "observe/metrics.h"

namespace weir::observe {

Cells::~Cells() {
  for (auto& segment : segments_) {
    delete segment.load(std::memory_order_relaxed);  // owned by these cells
  }
}

Registry::Registry(int writers) {
  for (int i = 0; i < writers; ++i) cells_.push_back(std::make_unique<Cells>());
  // The first cells are where default and refused ids count: as many as the widest series has.
  allocate(kHistogramCells);
}

CounterId Registry::counter(std::string_view name, std::string_view help, const Labels& labels) {
  return {series(name, help, labels, MetricType::counter)};
}

GaugeId Registry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  return {series(name, help, labels, MetricType::gauge)};
}

HistogramId Registry::histogram(std::string_view name, std::string_view help,
                                const Labels& labels) {
  return {series(name, help, labels, MetricType::histogram)};
}

std::uint32_t Registry::series(std::string_view name, std::string_view help, const Labels& labels,
                               MetricType type) {
  const std::lock_guard lock(mutex_);
  auto family = families_.find(name);
  if (family != families_.end() && family->second.type == type) {
    const auto known = family->second.series.find(labels);
    if (known != family->second.series.end()) return known->second;
  }
  const bool wrong =
      !is_metric_name(name) || (family != families_.end() && family->second.type != type);
  const std::uint32_t cell =
      wrong ? 0 : allocate(type == MetricType::histogram ? kHistogramCells : 1);
  if (cell == 0) {
    ++refused_;
    return 0;
  }
  if (family == families_.end()) {
    family = families_.try_emplace(std::string(name), Family{type, std::string(help), {}}).first;
  }
  family->second.series.emplace(labels, cell);
  return cell;
}

// `cells` neighbours in one segment; 0 when all are used up. New segments are published to every
// writer before the first id that lies in them is known to anybody.
std::uint32_t Registry::allocate(std::uint32_t cells) {
  std::uint32_t first = next_;
  const std::uint32_t left = kCellsPerSegment - first % kCellsPerSegment;
  if (cells > left) first += left;
  const std::size_t segment = first / kCellsPerSegment;
  if (segment >= kSegments) return 0;
  for (auto& writer : cells_) {
    auto& slot = writer->segments_[segment];
    if (slot.load(std::memory_order_relaxed) == nullptr) {
      slot.store(new Cells::Segment, std::memory_order_release);  // owned by its Cells
    }
  }
  next_ = first + cells;
  return first;
}

std::uint64_t Registry::sum(std::uint32_t index) const {
  std::uint64_t total = 0;
  for (const auto& writer : cells_) total += writer->read(index);
  return total;
}

void Registry::render_family(Exposition& page, const Family& family) const {
  for (const auto& [labels, cell] : family.series) {
    switch (family.type) {
      case MetricType::counter:
        page.sample(labels, total(CounterId{cell}));
        break;
      case MetricType::gauge:
        page.sample(labels, total(GaugeId{cell}));
        break;
      case MetricType::histogram: {
        BucketCounts buckets;
        for (std::uint32_t i = 0; i < kBuckets; ++i) buckets[i] = sum(cell + i);
        page.histogram(labels, buckets, sum(cell + kBuckets));
        break;
      }
    }
  }
}

void Registry::render(Exposition& page) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, family] : families_) {
    page.family(name, family.type, family.help);
    render_family(page, family);
  }
  page.family("weir_metric_series_refused_total", MetricType::counter,
              "Series that could not be added; what they would have counted is lost.");
  page.sample({}, refused_);
}

void Registry::render(std::string& out) const {
  Exposition page(out);
  render(page);
}

}  // namespace weir::observe
