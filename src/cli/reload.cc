// weir reload: a running weir takes its file up again; waits until it has, or says why it does not.
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/actor.h"
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/failure.h"

namespace weir::cli {

int reload(const ReloadOptions& options) {
  const std::string actor = who_am_i();
  const auto answer =
      ask_admin(options.where, {.method = "POST",
                                .path = options.dry_run ? "/v1/reload?dry_run=true" : "/v1/reload",
                                .actor = actor});
  if (!answer) return failed(answer.error());
  for (const auto& warning : answer->at("warnings")) {
    fmt::print(stderr, "warning: {}\n", warning.get<std::string>());
  }
  for (const auto& change : answer->at("changes")) fmt::print("{}\n", change.get<std::string>());
  fmt::print("{}: generation {}\n", answer->at("outcome").get<std::string>(),
             answer->at("generation").get<std::uint64_t>());
  return 0;
}

}  // namespace weir::cli
