// Readers of single values and lists of them, by the type of what they fill; the rows of the key
// tables end here. Each reports at the value's place and leaves `out` as it was when the value is
// wrong.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <weir/config.h>

#include "config/quantities.h"
#include "config/reader.h"

namespace weir::config {

void read(Reader& reader, const Node& node, bool& out);
void read(Reader& reader, const Node& node, std::string& out);    // not empty
void read(Reader& reader, const Node& node, Millis& out);         // at least 1 ms
void read(Reader& reader, const Node& node, std::uint64_t& out);  // a size: 64KiB, 1000, 0
void read(Reader& reader, const Node& node, std::vector<Cidr>& out);

// Of a section that can be switched off: YAML 1.1 tools write off as false.
bool is_off(const Node& node);

void read_duration(Reader& reader, const Node& node, Millis& out, Millis least);

template <std::integral T>
void read_integer(Reader& reader, const Node& node, T& out, long long low, long long high) {
  long long value = 0;
  const auto parse = [&](std::string_view text) { return parse_integer(text, low, high); };
  if (read_as(reader, node, value, parse)) out = static_cast<T>(value);
}

// A word of the file and what it means.
template <class T>
struct Choice {
  std::string_view word;
  T value;
};

// "unknown value 'x', did you mean 'y'?"
std::string unknown_choice(std::string_view word, std::span<const std::string_view> known);

template <class T, std::size_t N>
bool read_choice(Reader& reader, const Node& node, T& out, const Choice<T> (&choices)[N]) {
  return read_as(reader, node, out, [&](std::string_view text) -> Parsed<T> {
    std::array<std::string_view, N> words;
    for (std::size_t i = 0; i < N; ++i) {
      if (choices[i].word == text) return choices[i].value;
      words[i] = choices[i].word;
    }
    return std::unexpected(unknown_choice(text, words));
  });
}

// The word for a value: what a dump writes.
template <class T, std::size_t N>
std::string_view word_of(const Choice<T> (&choices)[N], T value) {
  for (const auto& choice : choices) {
    if (choice.value == value) return choice.word;
  }
  return {};
}

}  // namespace weir::config
