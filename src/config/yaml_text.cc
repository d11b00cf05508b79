// Which texts may stand bare, and how others are quoted.
#include "config/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/ascii.h"

namespace weir::config::yaml {
namespace {

// Plain scalars that every YAML reader takes for the same text.
bool is_plain(std::string_view text) {
  constexpr std::string_view kReserved[] = {"null", "true", "false", "yes", "no",
                                            "on",   "off",  "y",     "n"};
  if (text.empty() || !(ascii::is_alpha(text[0]) || text[0] == '/')) return false;
  const bool reserved = std::any_of(std::begin(kReserved), std::end(kReserved), [&](auto word) {
    return ascii::equals_ignoring_case(text, word);
  });
  return !reserved && std::all_of(text.begin(), text.end(), [](char c) {
    return ascii::is_alpha(c) || ascii::is_digit(c) || c == '_' || c == '-' || c == '.' || c == '/';
  });
}

}  // namespace

std::string text(std::string_view value, Role role) {
  if (is_plain(value)) return std::string(value);
  std::string out = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '$':
        out += role == Role::value ? "$$" : "$";
        break;
      default:
        if (ascii::is_control(c)) {
          fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

}  // namespace weir::config::yaml
