// The match trace: walks the routes in file order and puts the first failing condition of each into
// words.
#include "traffic/match_trace.h"

#include <optional>
#include <string_view>

#include "traffic/host.h"
#include "traffic/path.h"

namespace weir::traffic {
namespace {

using config::FieldMatch;
using config::PathMatch;
using config::TextMatch;

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty()) text += ", ";
    text += item;
  }
  return text;
}

std::string not_among(std::string_view what, std::string_view value,
                      const std::vector<std::string>& wanted) {
  std::string words(what);
  words.append(" ").append(value.empty() ? "(none)" : value);
  words.append(wanted.size() == 1 ? " is not " : " is not one of ").append(joined(wanted));
  return words;
}

std::string path_words(const config::Match& match, std::string_view path) {
  std::string words = "path ";
  words.append(path);
  switch (match.path_kind) {
    case PathMatch::prefix:
      words += " is not under ";
      break;
    case PathMatch::exact:
      words += " is not ";
      break;
    case PathMatch::regex:
      words += " does not match ";
      break;
  }
  return words + match.path;
}

std::string value_words(std::string_view what, const FieldMatch& match) {
  std::string words(match.invert ? "a " : "no ");
  words.append(what).append(" ").append(match.name);
  switch (match.kind) {
    case TextMatch::present:
      return words + (match.invert ? " is present" : " is given");
    case TextMatch::exact:
      return words + " is '" + match.value + "'";
    case TextMatch::prefix:
      return words + " begins with '" + match.value + "'";
    case TextMatch::regex:
      return words + " matches " + match.value;
  }
  return words;
}

std::string words_of(const Mismatch& mismatch, const config::Config& config,
                     const config::Match& match, const RequestView& request,
                     std::string_view path) {
  switch (mismatch.condition) {
    case Condition::none:
      return {};
    case Condition::listener: {
      const bool known = request.listener < config.listeners.size();
      return not_among("listener", known ? config.listeners[request.listener].name : "",
                       match.listeners);
    }
    case Condition::host:
      return not_among("host", request.host, match.hosts);
    case Condition::path:
      return path_words(match, path);
    case Condition::method:
      return not_among("method", request.method, match.methods);
    case Condition::header:
      return value_words("header", match.headers[mismatch.index]);
    case Condition::query:
      return value_words("query parameter", match.query[mismatch.index]);
  }
  return {};
}

}  // namespace

std::vector<TraceStep> trace_match(const config::Config& config, const Router& router,
                                   const RequestView& request) {
  const FoldedHost host(request.host);
  Buffer scratch;
  const std::optional<std::string_view> normal = normalize_path(request.path, scratch);

  std::vector<TraceStep> steps;
  for (std::uint32_t i = 0; i < router.size(); ++i) {
    const RouteConditions& conditions = router.conditions(i);
    const auto path = conditions.normalizes_path() ? normal : request.path;
    const Mismatch mismatch = conditions.first_mismatch(request, host.view(), path);
    TraceStep& step = steps.emplace_back();
    step.route = i;
    if (mismatch.condition != Condition::none) {
      step.reason = words_of(mismatch, config, config.routes[i].match, request, path.value_or(""));
      continue;
    }
    step.outcome = path ? TraceOutcome::matched : TraceOutcome::refused;
    if (!path) step.reason = "path " + std::string(request.path) + " cannot be normalised";
    break;
  }
  return steps;
}

}  // namespace weir::traffic
