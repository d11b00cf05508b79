// Texts as YAML scalars that mean the same to every reader: plain where nothing could take them for
// something else, else quoted. Used by dump.cc. Never breaks a line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::config::yaml {

// Variables expand in values, not in keys: a key's dollar stands for itself.
enum class Role : std::uint8_t { value, key };

// `value` as a configuration file would say it, a dollar of a value doubled.
std::string text(std::string_view value, Role role = Role::value);

}  // namespace weir::config::yaml
