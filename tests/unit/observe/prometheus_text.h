// A strict reader of the Prometheus text format 0.0.4 for tests: what it refuses, a scraper might
// refuse. Samples are held by their whole text before the value, so that duplicates show.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace weir::observe {

struct PrometheusPage {
  std::vector<std::string> families;           // in the order of the page
  std::map<std::string, std::string> types;    // by family
  std::map<std::string, std::string> samples;  // `name{labels}` -> value as printed
  std::string error;  // the first thing that is wrong, empty when all is well

  // The value of a sample, "absent" when there is none.
  std::string value(const std::string& sample) const {
    const auto found = samples.find(sample);
    return found == samples.end() ? "absent" : found->second;
  }
};

class PrometheusReader {
 public:
  static PrometheusPage read(std::string_view text) {
    PrometheusReader reader;
    if (!text.empty() && text.back() != '\n') reader.fail("no newline at the end");
    while (!text.empty() && reader.page_.error.empty()) {
      const std::size_t end = text.find('\n');
      reader.line(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    return reader.page_;
  }

 private:
  void fail(const std::string& why) {
    if (page_.error.empty()) page_.error = why + " in: " + std::string(line_);
  }

  void line(std::string_view line) {
    line_ = line;
    if (line.starts_with("# HELP ")) return help(line.substr(7));
    if (line.starts_with("# TYPE ")) return type(line.substr(7));
    sample(line);
  }

  void help(std::string_view rest) {
    family_ = rest.substr(0, rest.find(' '));
    if (page_.types.contains(family_)) fail("family opened twice");
    helped_ = family_;
  }

  void type(std::string_view rest) {
    const std::size_t space = rest.find(' ');
    family_ = rest.substr(0, space);
    const std::string type(rest.substr(space + 1));
    if (helped_ != family_) fail("TYPE without its HELP before it");
    if (type != "counter" && type != "gauge" && type != "histogram") fail("unknown type");
    if (!page_.types.emplace(family_, type).second) fail("second TYPE of a family");
    page_.families.push_back(family_);
  }

  bool belongs(const std::string& name) {
    if (page_.types[family_] != "histogram") return name == family_;
    return name == family_ + "_bucket" || name == family_ + "_sum" || name == family_ + "_count";
  }

  static bool is_name(std::string_view name) {
    constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    constexpr std::string_view kMore =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return !name.empty() && kFirst.find(name.front()) != std::string_view::npos &&
           name.find_first_not_of(kMore) == std::string_view::npos;
  }

  // Takes name="value" pairs up to the closing brace.
  void labels(std::string_view& rest) {
    std::set<std::string> seen;
    while (!rest.starts_with('}')) {
      const std::size_t equals = rest.find("=\"");
      if (equals == std::string_view::npos) return fail("label without value");
      const std::string_view name = rest.substr(0, equals);
      if (!is_name(name)) fail("malformed label name");
      if (!seen.emplace(name).second) fail("label given twice");
      rest.remove_prefix(equals + 2);
      if (!quoted(rest)) return;
      if (rest.starts_with(',')) rest.remove_prefix(1);
    }
    rest.remove_prefix(1);
  }

  bool quoted(std::string_view& rest) {
    while (!rest.empty() && rest.front() != '"') {
      if (rest.front() == '\\') {
        rest.remove_prefix(1);
        if (rest.empty() ||
            std::string_view("\\\"n").find(rest.front()) == std::string_view::npos) {
          fail("unknown escape");
          return false;
        }
      }
      rest.remove_prefix(1);
    }
    if (rest.empty()) {
      fail("unterminated label value");
      return false;
    }
    rest.remove_prefix(1);
    return true;
  }

  void sample(std::string_view line) {
    const std::size_t name_end = line.find_first_of("{ ");
    if (name_end == std::string_view::npos) return fail("no value");
    const std::string name(line.substr(0, name_end));
    if (!is_name(name)) fail("malformed metric name");
    if (!belongs(name)) fail("sample outside its family");
    std::string_view rest = line.substr(name_end);
    if (rest.starts_with('{')) {
      rest.remove_prefix(1);
      labels(rest);
    }
    if (!rest.starts_with(' ')) return fail("no space before the value");
    const std::string key(line.substr(0, line.size() - rest.size()));
    const std::string value(rest.substr(1));
    if (value != "NaN" && value != "+Inf" && value != "-Inf") {
      char* end = nullptr;
      strtod(value.c_str(), &end);
      if (value.empty() || *end != '\0') fail("malformed value");
    }
    if (!page_.samples.emplace(key, value).second) fail("sample given twice");
  }

  PrometheusPage page_;
  std::string_view line_;
  std::string family_;
  std::string helped_;
};

}  // namespace weir::observe
