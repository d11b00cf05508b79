// Asks a running weir over its admin API. Blocking, one request a connection: for commands, not for
// the server.
#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

namespace weir::cli {

// How commands find a running weir; empty ones say nothing.
struct AdminTarget {
  std::string admin;  // --admin: its address
  std::string file;   // -c: the file it runs with
};

struct AdminQuery {
  std::string_view method = "GET";
  std::string_view path;   // with query, escaped
  std::string_view body;   // JSON; empty = none
  std::string_view actor;  // who asks, for the log; without control characters
  std::chrono::seconds patience{10};
};

struct AdminReply {
  int status = 0;
  nlohmann::ordered_json document;
  std::string refusal;  // a line for people, unless the status is 2xx
};

// As ask_admin(), for who wants to tell refusals apart: an error is only what is no answer at all.
std::expected<AdminReply, std::string> ask_admin_whole(const AdminTarget& target,
                                                       const AdminQuery& query);

// Finds it by --admin, else the file's admin address, else $WEIR_ADMIN, else 127.0.0.1:9901, and
// asks. The document of a successful answer; the error is a line for people. The token comes from
// $WEIR_TOKEN.
std::expected<nlohmann::ordered_json, std::string> ask_admin(const AdminTarget& target,
                                                             const AdminQuery& query);

}  // namespace weir::cli
