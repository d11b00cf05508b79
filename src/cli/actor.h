// Who uses a command that changes a running weir, for its log: as --as says, else the user at this
// machine. Used by the commands; the server takes the name as it comes.
#pragma once

#include <expected>
#include <string>

namespace weir::cli {

// `as` when it is not empty, else who_am_i(). The error says what is wrong with `as`.
std::expected<std::string, std::string> actor_named(const std::string& as);

// "user@host"
std::string who_am_i();

}  // namespace weir::cli
