// What came of taking up the configuration file anew: for the log, the metrics, the admin API and
// weir reload. Made by the supervisor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::server {

struct ReloadReport {
  enum class Outcome : std::uint8_t {
    applied,
    unchanged,  // the file means what it meant: nothing was touched
    refused,    // the errors say why; everything is as it was
    planned,    // a dry run: this is what would change
  };
  Outcome outcome = Outcome::refused;
  std::vector<std::string> changes;  // config::differences()
  std::vector<std::string> errors;   // "file:line:column: message" where a place is known
  std::vector<std::string> warnings;
};

constexpr std::string_view name_of(ReloadReport::Outcome outcome) {
  constexpr std::string_view kNames[] = {"applied", "unchanged", "refused", "planned"};
  return kNames[static_cast<std::size_t>(outcome)];
}

// How reloads have gone so far.
struct ReloadHistory {
  std::uint64_t applied = 0;  // unchanged ones included
  std::uint64_t refused = 0;
  std::uint64_t last_wall_ms = 0;
  ReloadReport last;  // not of dry runs
};

}  // namespace weir::server
