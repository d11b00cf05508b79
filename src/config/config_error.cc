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

std::string placed(const Place& place, std::string_view message) {
  if (place.line == 0) return std::string(message);
  return fmt::format("{}:{}:{}: {}", place.file, place.line, place.column, message);
}

void ErrorList::add(FileIndex file, int line, int column, std::string message) {
  if (full()) {
    ++left_out_;
    return;
  }
  // What a message quotes may hold anything, a terminal's escapes included.
  std::replace_if(message.begin(), message.end(), ascii::is_control, '?');
  found_.push_back({file, line, column, std::move(message)});
}

FileIndex ErrorList::index_of(std::string_view name) const {
  const auto found = std::ranges::find(files_, name);
  return found == files_.end() ? 0 : static_cast<FileIndex>(found - files_.begin());
}

bool ErrorList::full() const {
  return found_.size() >= limits::kConfigErrors;
}

std::vector<ConfigError> ErrorList::take() {
  const auto place = [](const Found& one) { return std::tie(one.file, one.line, one.column); };
  std::stable_sort(found_.begin(), found_.end(),
                   [&](const Found& a, const Found& b) { return place(a) < place(b); });
  // A mistake under an anchor is found again by each of its aliases.
  found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
  std::vector<ConfigError> errors;
  for (Found& one : found_) {
    errors.push_back({files_[one.file], one.line, one.column, std::move(one.message)});
  }
  found_.clear();
  if (left_out_ > 0) {
    errors.push_back({files_.front(), 0, 0, fmt::format("and {} more errors", left_out_)});
  }
  return errors;
}

}  // namespace weir::config
