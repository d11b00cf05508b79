// ASCII rules of HTTP's grammar (RFC 9110 section 5.6): case folding, tokens, white space. No
// locale, no allocation.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir::ascii {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
  return (c | 32) >= 'a' && (c | 32) <= 'z';
}

// CTL (RFC 5234 appendix B.1): C0 and DEL, tab and line ends included.
constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

constexpr bool is_token_char(char c) {
  if (is_digit(c) || is_alpha(c)) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos && c != '\0';
}
constexpr bool is_token(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    if (!is_token_char(c)) return false;
  }
  return true;
}

constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// Without spaces and tabs at both ends (OWS).
constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes the next element off a comma-separated list (RFC 9110 section 5.6.1), trimmed; empty
// elements are returned too. False when the list is used up.
constexpr bool next_element(std::string_view& list, std::string_view& element, bool& done) {
  if (done) return false;
  const std::size_t comma = list.find(',');
  element = trim(list.substr(0, comma));
  if (comma == std::string_view::npos) {
    done = true;
  } else {
    list.remove_prefix(comma + 1);
  }
  return true;
}

// Calls f(element) for each non-empty element of a comma-separated list; f returns false to stop.
template <class F>
constexpr void each_element(std::string_view list, F&& f) {
  bool done = false;
  std::string_view element;
  while (next_element(list, element, done)) {
    if (!element.empty() && !f(element)) return;
  }
}

}  // namespace weir::ascii
