// The report of a reload as a document.
#include "server/reload_resource.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "server/wall_time.h"

namespace weir::server {
namespace {

Json report_json(const ReloadReport& report) {
  return {{"outcome", name_of(report.outcome)},
          {"changes", report.changes},
          {"errors", report.errors},
          {"warnings", report.warnings}};
}

}  // namespace

AdminAnswer post_reload(const AdminCall& call) {
  const std::string_view query = call.request.query;
  const bool dry_run = query == "dry_run=true" || query == "dry_run=1";
  if (!query.empty() && !dry_run) return refuse(400, "the only parameter is dry_run=true");
  if (!call.state.reload) return refuse(503, "the process is starting");
  const ReloadReport report =
      call.state.reload(dry_run, fmt::format("asked by {}", actor_of(call.request)));
  Json document = report_json(report);
  document["generation"] = call.state.snapshot->generation;
  if (report.outcome != ReloadReport::Outcome::refused) return json_answer(print(document));
  document["error"] = fmt::format("{}", fmt::join(report.errors, "\n"));
  return json_answer(print(document), 422);
}

Json reloads_json(const ReloadHistory& history) {
  Json json = {{"applied", history.applied}, {"refused", history.refused}, {"last", nullptr}};
  if (history.last_wall_ms == 0) return json;
  json["last"] = report_json(history.last);
  json["last"]["at"] = rfc3339(history.last_wall_ms);
  return json;
}

}  // namespace weir::server
