// One call of the admin API on its way: what was asked, by whom, and the answer. Seen by the
// resources (admin_json, weights_resource, explain_resource) and by the table that finds them
// (admin_api). Views are valid for the call. No IO.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/process_state.h"

namespace weir::server {

struct AdminRequest {
  std::string_view method;
  std::string_view path;  // without query, still escaped
  std::string_view query;
  std::string_view host;  // Host, port included
  std::string_view authorization;
  std::string_view origin;
  std::string_view actor;  // X-Weir-Actor: as the caller names itself
  std::string_view peer;   // its address, "unix" by a unix socket
  std::string_view body;
};

struct AdminAnswer;

// An answer that has to wait for something: looked for again and again on the supervisor's loop,
// until it is there or the client has left.
class LaterAnswer {
 public:
  virtual ~LaterAnswer() = default;
  // Nothing: not yet.
  virtual std::optional<AdminAnswer> look() = 0;
};

struct AdminAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow;                   // for 405
  std::string challenge;               // for 401
  std::string refusal;                 // why nothing was done, for the log; empty = it was done
  std::shared_ptr<LaterAnswer> later;  // not null: nothing else is set yet
};

AdminAnswer text_answer(int status, std::string body);
AdminAnswer json_answer(std::string body, int status = 200);
AdminAnswer refuse(int status, std::string message);

// Why this moment is none for a change that is to last; nothing when it is.
std::optional<AdminAnswer> no_time(const ProcessState& state);

struct AdminCall {
  ProcessState& state;
  const AdminRequest& request;
  std::vector<std::string> names;  // what stands in the path for each {...} of the resource's
};

inline constexpr std::size_t kActorBytes = 128;

// Who changes something, for people who ask later: as the caller names itself, cut to kActorBytes
// and with '?' for control bytes; else its address. Believed, not proven.
std::string actor_of(const AdminRequest& request);

}  // namespace weir::server
