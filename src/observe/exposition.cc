// Escaping and lines of the Prometheus text format, see
// https://prometheus.io/docs/instrumenting/exposition_formats/.
#include "observe/exposition.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/ascii.h"
#include "observe/utf8.h"

namespace weir::observe {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// One broken byte would make a scraper refuse the whole page, so ill-formed UTF-8 is replaced.
// Quotes are escaped in label values only.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const std::size_t length = utf8_sequence(at, end);
    if (length == 0) {
      out += kReplacement;
      ++at;
      continue;
    }
    if (*at == '\n') {
      out += "\\n";
    } else {
      if (*at == '\\' || (quotes && *at == '"')) out += '\\';
      out.append(at, length);
    }
    at += length;
  }
}

std::string_view name_of(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      break;
  }
  return "histogram";
}

// Nanoseconds as decimal seconds without rounding: a sum stays exact however long the process runs.
std::string seconds(std::uint64_t nanoseconds) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  std::string text = std::to_string(nanoseconds / kSecond);
  std::uint64_t rest = nanoseconds % kSecond;
  if (rest == 0) return text;
  std::string fraction = std::to_string(rest + kSecond).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return text + "." + fraction;
}

}  // namespace

bool is_metric_name(std::string_view name) {
  if (name.empty() || ascii::is_digit(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return ascii::is_alpha(c) || ascii::is_digit(c) || c == '_' || c == ':';
  });
}

Labels::Labels(std::span<const Label> labels) {
  std::vector<Label> sorted(labels.begin(), labels.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const Label& a, const Label& b) { return a.name < b.name; });
  for (const Label& label : sorted) {
    if (!text_.empty()) text_ += ',';
    text_ += label.name;
    text_ += "=\"";
    append_escaped(text_, label.value, true);
    text_ += '"';
  }
}

void Exposition::family(std::string_view name, MetricType type, std::string_view help) {
  if (family_ == name) return;
  family_ = name;
  out_ += "# HELP ";
  out_ += name;
  out_ += ' ';
  append_escaped(out_, help, false);
  out_ += "\n# TYPE ";
  out_ += name;
  out_ += ' ';
  out_ += name_of(type);
  out_ += '\n';
}

void Exposition::line(std::string_view suffix, const Labels& labels, std::string_view bucket,
                      std::string_view value) {
  out_ += family_;
  out_ += suffix;
  if (!labels.text().empty() || !bucket.empty()) {
    out_ += '{';
    out_ += labels.text();
    if (!bucket.empty()) {
      if (!labels.text().empty()) out_ += ',';
      out_ += "le=\"";
      out_ += bucket;
      out_ += '"';
    }
    out_ += '}';
  }
  out_ += ' ';
  out_ += value;
  out_ += '\n';
}

void Exposition::sample(const Labels& labels, double value) {
  if (std::isnan(value)) return line("", labels, "", "NaN");
  if (std::isinf(value)) return line("", labels, "", value > 0 ? "+Inf" : "-Inf");
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  line("", labels, "", std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

void Exposition::histogram(const Labels& labels, const BucketCounts& buckets,
                           std::uint64_t sum_nanoseconds) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    count += buckets[i];
    line("_bucket", labels, kBucketNames[i], std::to_string(count));
  }
  line("_sum", labels, "", seconds(sum_nanoseconds));
  line("_count", labels, "", std::to_string(count));
}

}  // namespace weir::observe
