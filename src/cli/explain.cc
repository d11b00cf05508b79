// weir explain: the way of one request, through a file or through a running weir. Both give the
// same document; what is said in it is decided in server/explanation.cc.
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <utility>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/explain_text.h"
#include "cli/failure.h"
#include "config/loader.h"
#include "server/explain_resource.h"
#include "server/explanation.h"
#include "server/snapshot_builder.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

int print_explanation(const Json& explanation, const ExplainOptions& options) {
  fmt::print("{}", options.json ? server::print(explanation) : explain_text(explanation));
  return 0;
}

int explain_live(const ExplainOptions& options) {
  if (const std::string fault = server::fault_of(options.question); !fault.empty())
    return wrong_usage(fault);
  const std::string target = server::explain_target(options.question);
  const auto answer = ask_admin(options.where, {.path = target});
  return answer ? print_explanation(*answer, options) : failed(answer.error());
}

int explain_file(const ExplainOptions& options) {
  config::Loaded loaded = config::load_file(options.file);
  for (const config::ConfigError& error : loaded.errors)
    fmt::print(stderr, "{}\n", to_string(error));
  if (!loaded.errors.empty()) return 1;
  const auto snapshot = server::sketch_snapshot(std::move(loaded.config));
  if (!snapshot) return failed(snapshot.error().front());
  const auto explanation = server::explain(**snapshot, options.question, server::Scene::file);
  return explanation ? print_explanation(*explanation, options) : wrong_usage(explanation.error());
}

}  // namespace

int explain(const ExplainOptions& options) {
  return options.live ? explain_live(options) : explain_file(options);
}

}  // namespace weir::cli
