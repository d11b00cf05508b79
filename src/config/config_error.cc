// Collecting, ordering and printing configuration errors.
// Used by the loader and everything it calls; knows nothing of YAML.
// Never loses an error silently: what exceeds the bound is counted.
#include "config/config_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include <weir/limits.h>

#include "base/ascii.h"

namespace weir::config {

std::string to_string(const ConfigError& error) {
  if (error.line == 0) return fmt::format("{}: {}", error.file, error.message);
  return fmt::format("{}:{}:{}: {}", error.file, error.line, error.column, error.message);
}

void ErrorList::add(int line, int column, std::string message) {
  if (full()) {
    ++left_out_;
    return;
  }
  // What a message quotes may hold anything, a terminal's escapes included.
  std::replace_if(message.begin(), message.end(), ascii::is_control, '?');
  errors_.push_back({file_, line, column, std::move(message)});
}

bool ErrorList::full() const {
  return errors_.size() >= limits::kConfigErrors;
}

std::vector<ConfigError> ErrorList::take() {
  const auto place = [](const ConfigError& error) { return std::tie(error.line, error.column); };
  std::stable_sort(errors_.begin(), errors_.end(),
                   [&](const ConfigError& a, const ConfigError& b) { return place(a) < place(b); });
  // A mistake under an anchor is found again by each of its aliases.
  errors_.erase(std::unique(errors_.begin(), errors_.end()), errors_.end());
  if (left_out_ > 0) {
    errors_.push_back({file_, 0, 0, fmt::format("and {} more errors", left_out_)});
  }
  return std::exchange(errors_, {});
}

}  // namespace weir::config
