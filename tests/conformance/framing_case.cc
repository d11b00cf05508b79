// Reads the framing corpus's files: header lines up to "---", then escaped bytes. Strict on
// purpose: a key nobody knows, an unknown escape or a missing verdict is an error of the file, so
// that a typing mistake cannot pass as a test.
#include "framing_case.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

namespace weir::conformance {
namespace {

using Text = std::expected<std::string, std::string>;
using Fault = std::unexpected<std::string>;

// What a case may expect of the connection and of each message; see describe_*() in
// framing_corpus_test.cc.
constexpr std::array<std::string_view, 3> kConnectionKeys = {"messages", "leftover",
                                                             "end_of_stream"};
constexpr std::array<std::string_view, 20> kMessageKeys = {
    "method",  "path",          "authority",  "absolute_form",    "framing",
    "content", "content_bytes", "keep_alive", "minor_version",    "expects_continue",
    "fields",  "wants_upgrade", "trailers",   "accepts_trailers", "field",
    "trailer", "dropped",       "kept",       "dropped_trailer",  "status"};

bool is_one_of(std::span<const std::string_view> keys, std::string_view key) {
  return std::ranges::find(keys, key) != keys.end();
}

std::optional<unsigned> number(std::string_view digits, int base) {
  unsigned value = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || error != std::errc{} || at != end) return std::nullopt;
  return value;
}

// Where the `}` is that closes a repetition whose text begins at `from`; npos when there is none.
std::size_t closing_brace(std::string_view text, std::size_t from) {
  int open = 1;
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
      if (i < text.size() && text[i] == '{') ++open;
    } else if (text[i] == '}' && --open == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

// Expands "{count:text}" at the start of `text` into `out`; returns how much of `text` that was, 0
// when it is none.
std::size_t repeat(std::string_view text, std::string& out) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return 0;
  const auto count = number(text.substr(1, colon - 1), 10);
  const std::size_t close = closing_brace(text, colon + 1);
  if (!count || close == std::string_view::npos) return 0;
  const Text once = unescape(text.substr(colon + 1, close - colon - 1));
  if (!once || once->empty()) return 0;
  for (unsigned i = 0; i < *count; ++i) out += *once;
  return close + 1;
}

// Expands the escape whose backslash was just read; returns its length after the backslash, 0 when
// it is none.
std::size_t escape(std::string_view rest, std::string& out) {
  if (rest.empty()) return 0;
  constexpr std::string_view kLetters = "rnt0\\";
  constexpr std::string_view kMeanings("\r\n\t\0\\", 5);
  if (const std::size_t at = kLetters.find(rest.front()); at != std::string_view::npos) {
    out += kMeanings[at];
    return 1;
  }
  if (rest.front() == '{') return repeat(rest, out);
  if (rest.front() != 'x' || rest.size() < 3) return 0;
  const auto byte = number(rest.substr(1, 2), 16);
  if (!byte) return 0;
  out += static_cast<char>(*byte);
  return 3;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool set_verdict(FramingCase& c, std::string_view value) {
  if (value == "accept") return true;
  if (value == "unfinished") {
    c.verdict = Verdict::unfinished;
    return true;
  }
  constexpr std::string_view kRefuse = "refuse ";
  if (!value.starts_with(kRefuse)) return false;
  const auto status = number(value.substr(kRefuse.size()), 10);
  c.verdict = Verdict::refuse;
  c.status = static_cast<int>(status.value_or(0));
  return c.status >= 400 && c.status <= 599;
}

// Settings of the case itself; false when `key` is none of them or its value is not understood.
bool set_setting(FramingCase& c, std::string_view key, std::string_view value) {
  if (key == "verdict") return set_verdict(c, value);
  if (key == "after_head") return c.after_head = value == "true";
  for (auto [name, member] :
       {std::pair{"why", &c.why}, std::pair{"error", &c.error}, std::pair{"request", &c.request},
        std::pair{"underscores", &c.underscores}}) {
    if (key != name) continue;
    *member = value;
    return !value.empty();
  }
  return false;
}

// "path: /x" speaks of the first message, "path/2: /y" of the second.
bool add_expectation(FramingCase& c, std::string_view key, std::string_view value) {
  const Text plain = unescape(value);
  if (!plain) return false;
  int message = 1;
  if (const std::size_t slash = key.find('/'); slash != std::string_view::npos) {
    message = static_cast<int>(number(key.substr(slash + 1), 10).value_or(0));
    key = key.substr(0, slash);
    if (message == 0) return false;
  }
  if (is_one_of(kConnectionKeys, key)) message = 0;
  if (message > 0 && !is_one_of(kMessageKeys, key)) return false;
  c.expected.push_back({message, std::string(key) + ": " + *plain});
  return true;
}

bool read_header_line(FramingCase& c, std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view key = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  return set_setting(c, key, value) || add_expectation(c, key, value);
}

}  // namespace

std::expected<std::string, std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') continue;
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const std::size_t length = escape(text.substr(i + 1), out);
    if (length == 0) return Fault("unknown escape: " + std::string(text.substr(i, 20)));
    i += length;
  }
  return out;
}

std::expected<FramingCase, std::string> read_case(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  if (content.empty()) return Fault("cannot be read, or is empty");
  constexpr std::string_view kDivider = "\n---\n";
  const std::size_t divider = content.find(kDivider);
  if (divider == std::string::npos) return Fault("has no line ---");

  FramingCase c;
  std::string_view header = std::string_view(content).substr(0, divider);
  if (!header.starts_with("verdict: ")) return Fault("does not begin with its verdict");
  while (!header.empty()) {
    const std::string_view line = header.substr(0, header.find('\n'));
    if (!read_header_line(c, line)) return Fault("not understood: " + std::string(line));
    header.remove_prefix(std::min(header.size(), line.size() + 1));
  }
  if (c.why.empty()) return Fault("does not say why");

  Text bytes = unescape(std::string_view(content).substr(divider + kDivider.size()));
  if (!bytes) return Fault(bytes.error());
  if (bytes->empty()) return Fault("sends nothing");
  c.bytes = std::move(*bytes);
  return c;
}

std::vector<std::string> case_names(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code unreadable;  // leaves the list empty, which the count test notices
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    if (entry.path().extension() == ".case") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace weir::conformance
