// The report of an upgrade as a document.
#include "server/upgrade_resource.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <unistd.h>
#include <utility>

#include "server/wall_time.h"

namespace weir::server {
namespace {

Json report_json(const UpgradeReport& report) {
  return {{"outcome", report.serves ? "serves" : "failed"},
          {"pid", report.pid},
          {"errors", report.errors}};
}

AdminAnswer answer_of(const UpgradeReport& report) {
  Json document = report_json(report);
  document["old_pid"] = ::getpid();
  if (report.serves) return json_answer(print(document));
  document["error"] = fmt::format("{}", fmt::join(report.errors, "\n"));
  return json_answer(print(document), 422);
}

// The report, when it has come.
struct Report final : LaterAnswer {
  std::optional<AdminAnswer> look() override { return answer; }
  std::optional<AdminAnswer> answer;
};

}  // namespace

AdminAnswer post_upgrade(const AdminCall& call) {
  if (!call.request.query.empty()) return refuse(400, "there are no parameters");
  if (!call.state.upgrade) return refuse(503, "the process is starting");
  auto later = std::make_shared<Report>();
  const std::string refusal = call.state.upgrade(
      fmt::format("asked by {}", actor_of(call.request)),
      [later](const UpgradeReport& report) { later->answer = answer_of(report); });
  if (!refusal.empty()) return refuse(409, refusal);
  AdminAnswer answer;
  answer.later = std::move(later);
  return answer;
}

Json upgrades_json(const UpgradeHistory& history) {
  Json json = {{"under_way", history.under_way}, {"failed", history.failed}, {"last", nullptr}};
  if (history.last_wall_ms == 0) return json;
  json["last"] = report_json(history.last);
  json["last"]["at"] = rfc3339(history.last_wall_ms);
  return json;
}

}  // namespace weir::server
