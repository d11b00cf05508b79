// Asks a running weir over its admin API. Blocking, one request a connection: for commands, not for
// the server.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <expected>
#include <string>
#include <string_view>

namespace weir::cli {

struct AdminTarget {
  std::string admin;  // --admin
  std::string file;   // -c
};

struct AdminQuery {
  std::string_view method = "GET";
  std::string_view path;   // with query, escaped
  std::string_view body;   // JSON; empty = none
  std::string_view actor;  // who asks, for the log; without control characters
  int patience_seconds = 10;
};

// Finds it by --admin, else the file's admin address, else $WEIR_ADMIN, else 127.0.0.1:9901, and
// asks. The document of a successful answer; the error is a line for people. The token comes from
// $WEIR_TOKEN.
std::expected<nlohmann::ordered_json, std::string> ask_admin(const AdminTarget& target,
                                                             const AdminQuery& query);

}  // namespace weir::cli
