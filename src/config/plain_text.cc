// UTF-8 and control characters (YAML 1.2 section 5.1, RFC 3629).
// Called once per file and for quotes in messages.
// Never changes the text it checks.
#include "config/plain_text.h"

#include <fmt/format.h>

#include <cstdint>

#include "base/ascii.h"

namespace weir::config {
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// Length of the well-formed UTF-8 sequence at the front of `text`, 0 when it is none (RFC 3629
// section 4).
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool surrogate = lead == 0xed && second >= 0xa0;
  const bool beyond = lead == 0xf4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

void report(std::string_view text, std::size_t at, std::string message, ErrorList& errors) {
  int line = 1;
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < at; ++i) {
    if (text[i] != '\n') continue;
    ++line;
    line_start = i + 1;
  }
  errors.add(line, static_cast<int>(at - line_start) + 1, std::move(message));
}

}  // namespace

bool check_plain_text(std::string_view text, ErrorList& errors) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool is_space = text[at] == '\t' || text[at] == '\n' || text[at] == '\r';
    if (ascii::is_control(text[at]) && !is_space) {
      report(text, at,
             fmt::format("control character 0x{:02x}: write it as \"\\x{:02x}\"", byte, byte),
             errors);
      return false;
    }
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) {
      report(text, at, fmt::format("byte 0x{:02x} is not UTF-8: save the file as UTF-8", byte),
             errors);
      return false;
    }
    at += length;
  }
  return true;
}

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 160;
  std::string out;
  for (const char c : text.substr(0, kLongest)) {
    out += ascii::is_control(c) ? '?' : c;
  }
  if (text.size() <= kLongest) return out;
  if (is_continuation(text[kLongest])) {  // do not leave half a character behind
    while (!out.empty() && is_continuation(out.back())) out.pop_back();
    if (!out.empty()) out.pop_back();
  }
  return out + "...";
}

}  // namespace weir::config
