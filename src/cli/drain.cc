// weir drain: takes an endpoint of a running weir out of service, waits for its last request if
// asked to, and brings it back.
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "cli/actor.h"
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/endpoint_text.h"
#include "cli/failure.h"
#include "config/quantities.h"
#include "server/percent.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kTimedOut = 3;

std::string path_of(const DrainOptions& options, std::size_t slash) {
  std::string path = fmt::format("/v1/clusters/{}/endpoints/{}",
                                 server::percent_encoded(options.endpoint.substr(0, slash)),
                                 server::percent_encoded(options.endpoint.substr(slash + 1)));
  std::string query;
  if (options.wait) query += "&wait=drained&timeout=" + options.timeout;
  if (options.force) query += "&force=true";
  if (!query.empty()) query[0] = '?';
  return path + query;
}

}  // namespace

int drain(const DrainOptions& options) {
  const std::size_t slash = options.endpoint.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == options.endpoint.size()) {
    return wrong_usage(
        fmt::format("'{}' is no endpoint: write CLUSTER/ENDPOINT, for example app/10.0.0.1:8080",
                    options.endpoint));
  }
  const auto timeout = config::parse_duration(options.timeout);
  if (!timeout) return wrong_usage("--timeout: " + timeout.error());
  const auto actor = actor_named(options.actor);
  if (!actor) return wrong_usage(actor.error());
  const std::string path = path_of(options, slash);
  const std::string body = Json{{"state", options.undo ? "active" : "draining"}}.dump();
  AdminQuery query{.method = "PATCH", .path = path, .body = body, .actor = *actor};
  if (options.wait) query.patience += std::chrono::ceil<std::chrono::seconds>(*timeout);
  const auto reply = ask_admin_whole(options.where, query);
  if (!reply) return failed(reply.error());
  if (reply->status / 100 == 2) {
    fmt::print("{}: {}\n", options.endpoint, endpoint_text(reply->document));
    return 0;
  }
  const int code = failed(reply->refusal);
  return reply->status == 504 && options.wait ? kTimedOut : code;
}

}  // namespace weir::cli
