// Making answers, and naming who asks.
#include "server/admin_call.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "server/admin_json.h"

namespace weir::server {

AdminAnswer text_answer(int status, std::string body) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(body)};
}

AdminAnswer json_answer(std::string body, int status) {
  return {.status = status, .body = std::move(body)};
}

AdminAnswer refuse(int status, std::string message) {
  AdminAnswer answer = json_answer(error_json(message), status);
  answer.refusal = std::move(message);
  return answer;
}

std::string actor_of(const AdminRequest& request) {
  if (request.actor.empty()) return std::string(request.peer);
  std::string actor(request.actor.substr(0, kActorBytes));
  std::ranges::replace_if(actor, ascii::is_control, '?');
  return actor;
}

std::optional<AdminAnswer> no_time(const ProcessState& state) {
  if (state.draining) return refuse(503, "the process is stopping");
  if (!state.upgrades.handing_over) return {};
  return refuse(503, "a new process is about to take over: ask again in a second");
}

}  // namespace weir::server
