// Writes the Prometheus text format 0.0.4. The registry prints its series with it, and the server
// adds what it computes at scrape time (endpoint and connection gauges). Not on the data path: it
// allocates. It never reads a clock, so the same values always print the same bytes.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "observe/histogram.h"

namespace weir::observe {

struct Label {
  std::string_view name;  // [a-zA-Z_][a-zA-Z0-9_]*
  std::string_view value;
};

// A set of labels, rendered and sorted by name: two sets with the same labels are equal whatever
// order they came in.
class Labels {
 public:
  Labels() = default;
  Labels(std::initializer_list<Label> labels) : Labels(std::span(labels.begin(), labels.size())) {}
  explicit Labels(std::span<const Label> labels);

  const std::string& text() const { return text_; }  // what stands between the braces
  auto operator<=>(const Labels&) const = default;

 private:
  std::string text_;
};

enum class MetricType : std::uint8_t { counter, gauge, histogram };

using BucketCounts = std::array<std::uint64_t, kBuckets>;  // of each bucket alone, not cumulative

class Exposition {
 public:
  // Appends to `out`, which the caller keeps alive.
  explicit Exposition(std::string& out) : out_(out) {}

  // Opens a family: its HELP and TYPE lines. All samples of a family follow its opening; a family
  // is opened once per page. Opening the one that is open already is allowed and prints nothing.
  void family(std::string_view name, MetricType type, std::string_view help);

  template <std::integral T>
  void sample(const Labels& labels, T value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    line("", labels, "", std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }
  void sample(const Labels& labels, double value);
  // Cumulative buckets, sum in seconds, count. The count is the sum of the buckets, so the three
  // always agree.
  void histogram(const Labels& labels, const BucketCounts& buckets, std::uint64_t sum_nanoseconds);

 private:
  void line(std::string_view suffix, const Labels& labels, std::string_view bucket,
            std::string_view value);

  std::string& out_;
  std::string family_;
};

bool is_metric_name(std::string_view name);

}  // namespace weir::observe
