// The readers of scalars.h for types without a range of their own.
// Called through the key tables.
// Never expands variables itself: Reader::text() has done it.
#include "config/scalars.h"

#include <fmt/format.h>

#include "config/addresses.h"
#include "config/plain_text.h"
#include "config/suggestion.h"

namespace weir::config {
namespace {

Parsed<bool> parse_bool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::unexpected(fmt::format("'{}' is not true or false", printable(text)));
}

Parsed<std::string> parse_text(std::string_view text) {
  if (text.empty()) return std::unexpected("an empty text: give a value, or remove the key");
  if (text.find('\0') != std::string_view::npos) return std::unexpected("a NUL byte in a text");
  return std::string(text);
}

}  // namespace

void read(Reader& reader, const Node& node, bool& out) {
  read_as(reader, node, out, parse_bool);
}

void read(Reader& reader, const Node& node, std::string& out) {
  read_as(reader, node, out, parse_text);
}

void read(Reader& reader, const Node& node, Millis& out) {
  read_duration(reader, node, out, Millis(1));
}

void read(Reader& reader, const Node& node, std::uint64_t& out) {
  read_as(reader, node, out, parse_size);
}

void read(Reader& reader, const Node& node, std::vector<Cidr>& out) {
  read_list_as(reader, node, out, parse_cidr);
}

bool is_off(const Node& node) {
  return node.is_scalar() && (node.text == "off" || node.text == "false");
}

void read_duration(Reader& reader, const Node& node, Millis& out, Millis least) {
  read_as(reader, node, out, [&](std::string_view text) -> Parsed<Millis> {
    Parsed<Millis> parsed = parse_duration(text);
    if (parsed && *parsed < least) {
      return std::unexpected(
          fmt::format("'{}' is too short: at least {}", text, format_duration(least)));
    }
    return parsed;
  });
}

std::string unknown_choice(std::string_view word, std::span<const std::string_view> known) {
  return fmt::format("unknown value '{}'{}", printable(word), suggestion(word, known));
}

}  // namespace weir::config
