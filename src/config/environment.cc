// Expansion of ${NAME}, ${NAME:-default} and $$ in one pass over a scalar's text.
// Called by the reader after YAML has been parsed, so that a variable can never change a file's
// structure. Never expands what an expansion brought in.
#include "config/environment.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/ascii.h"
#include "config/plain_text.h"

namespace weir::config {
namespace {

bool is_variable_name(std::string_view name) {
  if (name.empty() || ascii::is_digit(name.front())) return false;
  for (const char c : name) {
    if (!ascii::is_alpha(c) && !ascii::is_digit(c) && c != '_') return false;
  }
  return true;
}

// The value of what stands between the braces: NAME or NAME:-default.
std::expected<std::string, std::string> value_of(std::string_view reference,
                                                 const Environment& environment) {
  const std::size_t separator = reference.find(":-");
  const std::string name(reference.substr(0, separator));
  if (!is_variable_name(name)) {
    return std::unexpected(fmt::format(
        "'${{{}}}' is not a variable: write ${{NAME}} or ${{NAME:-default}}, and $$ for a dollar",
        printable(reference)));
  }
  const char* value = environment.get(name.c_str());
  if (separator != std::string_view::npos) {
    if (value == nullptr || *value == '\0') return std::string(reference.substr(separator + 2));
    return std::string(value);
  }
  if (value == nullptr) {
    return std::unexpected(fmt::format(
        "the environment variable {0} is not set: set it, or give a default: ${{{0}:-default}}",
        name));
  }
  return std::string(value);
}

}  // namespace

Environment process_environment() {
  return {[](const void*, const char* name) -> const char* { return std::getenv(name); }};
}

std::expected<std::string, std::string> expand(std::string_view text,
                                               const Environment& environment) {
  std::string out;
  for (;;) {
    const std::size_t dollar = text.find('$');
    out += text.substr(0, dollar);
    if (dollar == std::string_view::npos) return out;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      out += '$';
      text.remove_prefix(1);
    } else if (text.starts_with('{')) {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos) {
        return std::unexpected("'${' without its '}': close it, or write $$ for a dollar");
      }
      const auto value = value_of(text.substr(1, end - 1), environment);
      if (!value) return std::unexpected(value.error());
      out += *value;
      text.remove_prefix(end + 1);
    } else {
      out += '$';
    }
  }
}

}  // namespace weir::config
