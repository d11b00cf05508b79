// weir upgrade: a running weir starts its binary anew and hands its sockets over; waits until the
// new process serves, or says why it does not.
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <chrono>

#include "cli/actor.h"
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/failure.h"

namespace weir::cli {
namespace {

constexpr std::chrono::seconds kPatience{60};  // the running weir gives up before

}  // namespace

int upgrade(const UpgradeOptions& options) {
  const std::string actor = who_am_i();
  const auto answer =
      ask_admin(options.where,
                {.method = "POST", .path = "/v1/upgrade", .actor = actor, .patience = kPatience});
  if (!answer) return failed(answer.error());
  fmt::print("process {} serves; process {} finishes what it has and ends\n",
             answer->at("pid").get<int>(), answer->at("old_pid").get<int>());
  return 0;
}

}  // namespace weir::cli
