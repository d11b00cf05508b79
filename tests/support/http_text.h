// Reads HTTP/1 messages out of text, plainly and trustingly: for tests that look at what the proxy
// sent. Shares no code with the parser under test.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::test {

struct HttpText {
  std::string start;  // the start line; empty when there was none
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;  // without chunk framing
  std::vector<std::pair<std::string, std::string>> trailers;
  bool whole = false;  // ends where its framing says
  bool chunked = false;

  // All values of that field joined by ", "; "-" when it is absent.
  std::string field(std::string_view name) const { return value_in(fields, name); }
  std::string trailer(std::string_view name) const { return value_in(trailers, name); }
  bool has(std::string_view name) const { return field(name) != "-"; }
  int status() const { return start.size() < 12 ? 0 : std::stoi(start.substr(9, 3)); }
  bool operator==(const HttpText&) const = default;

 private:
  static bool same(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) {
      return std::tolower(static_cast<unsigned char>(x)) ==
             std::tolower(static_cast<unsigned char>(y));
    });
  }
  static std::string value_in(const std::vector<std::pair<std::string, std::string>>& lines,
                              std::string_view name) {
    std::string joined;
    bool found = false;
    for (const auto& [its_name, value] : lines) {
      if (!same(its_name, name)) continue;
      if (std::exchange(found, true)) joined += ", ";
      joined += value;
    }
    return found ? joined : "-";
  }
};

// Takes one message off the front of a text.
class HttpTextReader {
 public:
  explicit HttpTextReader(std::string_view text) : rest_(text) {}

  // `bodiless`: an answer to HEAD.
  HttpText read(bool bodiless = false) {
    HttpText text;
    if (!read_lines(text)) return text;
    const bool response = text.start.starts_with("HTTP/");
    const int status = response ? text.status() : 0;
    if (bodiless || status / 100 == 1 || status == 204 || status == 304) {
      text.whole = true;
    } else if (text.field("Transfer-Encoding") == "chunked") {
      read_chunks(text);
    } else if (text.has("Content-Length")) {
      const std::size_t length = std::stoul(text.field("Content-Length"));
      text.body = take(length);
      text.whole = text.body.size() == length;
    } else {
      if (response) text.body = take(rest_.size());
      text.whole = !response;  // whether it was all, only the connection's end tells
    }
    return text;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string take(std::size_t n) {
    const std::string_view taken = rest_.substr(0, n);
    rest_.remove_prefix(taken.size());
    return std::string(taken);
  }
  bool take_line(std::string& line) {
    const std::size_t end = rest_.find("\r\n");
    if (end == std::string_view::npos) return false;
    line = take(end);
    rest_.remove_prefix(2);
    return true;
  }
  bool take_fields(std::vector<std::pair<std::string, std::string>>& fields) {
    std::string line;
    while (take_line(line)) {
      if (line.empty()) return true;
      const std::size_t colon = line.find(": ");
      fields.emplace_back(line.substr(0, colon),
                          colon == std::string::npos ? "" : line.substr(colon + 2));
    }
    return false;
  }
  bool read_lines(HttpText& text) { return take_line(text.start) && take_fields(text.fields); }
  void read_chunks(HttpText& text) {
    text.chunked = true;
    for (std::string line; take_line(line);) {
      const std::size_t size = std::stoul(line, nullptr, 16);
      if (size == 0) {
        text.whole = take_fields(text.trailers);
        return;
      }
      text.body += take(size);
      if (!rest_.starts_with("\r\n")) return;
      rest_.remove_prefix(2);
    }
  }

  std::string_view rest_;
};

}  // namespace weir::test
