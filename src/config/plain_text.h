// Is a text fit to be parsed and printed: the checks that come before YAML, and the escaping that
// comes after. Called by the tree builder for the whole file and wherever a piece of the file is
// quoted in a message.
#pragma once

#include <string>
#include <string_view>

#include "config/config_error.h"

namespace weir::config {

// Reports the first byte that YAML does not allow: control characters other than tab and line ends
// (yaml-cpp takes one of them for the end of the file), and what is not UTF-8. True when there is
// none.
bool check_plain_text(std::string_view text, ErrorList& errors);

// A piece of the file for a message: control characters replaced by '?', cut after 160 bytes.
std::string printable(std::string_view text);

}  // namespace weir::config
