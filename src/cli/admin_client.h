// Asks a running weir over its admin API. Blocking, one request a connection: for commands, not for
// the server.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace weir::cli {

struct AdminTarget {
  std::string admin;  // --admin
  std::string file;   // -c
};

// Where to find it: --admin, else the file's admin address, else $WEIR_ADMIN, else 127.0.0.1:9901.
// The error is a line for people.
std::expected<std::string, std::string> admin_address(const AdminTarget& target);

// The body of a successful GET; the error is a line for people. The token comes from $WEIR_TOKEN.
std::expected<std::string, std::string> admin_get(const std::string& address,
                                                  std::string_view path);

}  // namespace weir::cli
