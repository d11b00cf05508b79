// Compiling and checking a route's conditions. Header and query conditions come last: they cost
// most.
#include "traffic/conditions.h"

#include <algorithm>
#include <utility>

#include <weir/limits.h>

#include "traffic/host.h"
#include "traffic/path.h"
#include "traffic/query.h"

namespace weir::traffic {
namespace {

using config::PathMatch;
using config::TextMatch;

std::expected<ValueCondition, std::string> compile_value(const config::FieldMatch& match) {
  ValueCondition condition{.name = match.name,
                           .kind = match.kind,
                           .text = match.value,
                           .pattern = std::nullopt,
                           .invert = match.invert};
  if (match.kind == TextMatch::regex) {
    auto pattern = Pattern::compile(match.value);
    if (!pattern) return std::unexpected("condition on " + match.name + ": " + pattern.error());
    condition.pattern = std::move(*pattern);
  }
  return condition;
}

std::expected<std::vector<ValueCondition>, std::string> compile_values(
    const std::vector<config::FieldMatch>& matches) {
  std::vector<ValueCondition> conditions;
  for (const config::FieldMatch& match : matches) {
    auto condition = compile_value(match);
    if (!condition) return std::unexpected(std::move(condition.error()));
    conditions.push_back(std::move(*condition));
  }
  return conditions;
}

// RFC 9110 section 9.3.2: HEAD is GET without the content, so who routes GET means both.
std::vector<std::string> with_head(std::vector<std::string> methods) {
  const auto has = [&](const char* name) {
    return std::find(methods.begin(), methods.end(), name) != methods.end();
  };
  if (has("GET") && !has("HEAD")) methods.emplace_back("HEAD");
  return methods;
}

}  // namespace

bool ValueCondition::accepts(std::string_view value) const {
  switch (kind) {
    case TextMatch::present:
      return true;
    case TextMatch::exact:
      return value == text;
    case TextMatch::prefix:
      return value.starts_with(text);
    case TextMatch::regex:
      return pattern->matches(value);
  }
  return false;
}

std::expected<RouteConditions, std::string> RouteConditions::compile(const config::Route& route,
                                                                     const config::Config& config) {
  const config::Match& match = route.match;
  RouteConditions conditions;
  conditions.normalizes_path_ = route.normalize_path;
  conditions.any_listener_ = match.listeners.empty();
  for (std::uint32_t i = 0; i < config.listeners.size(); ++i) {
    const auto& names = match.listeners;
    if (std::find(names.begin(), names.end(), config.listeners[i].name) == names.end()) continue;
    conditions.listeners_.push_back(i);
  }
  for (const std::string& host : match.hosts) conditions.hosts_.push_back(fold_host_pattern(host));
  if (auto done = conditions.compile_path(match); !done) {
    return std::unexpected(std::move(done.error()));
  }
  conditions.methods_ = with_head(match.methods);

  auto headers = compile_values(match.headers);
  if (!headers) return std::unexpected("header " + headers.error());
  conditions.headers_ = std::move(*headers);
  auto query = compile_values(match.query);
  if (!query) return std::unexpected("query " + query.error());
  conditions.query_ = std::move(*query);
  conditions.rest_always_holds_ = conditions.any_listener_ && conditions.methods_.empty() &&
                                  conditions.headers_.empty() && conditions.query_.empty();
  return conditions;
}

std::expected<void, std::string> RouteConditions::compile_path(const config::Match& match) {
  path_kind_ = match.path_kind;
  path_ = match.path;
  if (path_kind_ == PathMatch::regex) {
    auto pattern = Pattern::compile(match.path);
    if (!pattern) return std::unexpected("path: " + pattern.error());
    path_pattern_ = std::move(*pattern);
    return {};
  }
  if (!normalizes_path_ || path_.empty()) return {};
  Buffer room;
  const auto normal = normalize_path(path_, room);
  if (!normal) return std::unexpected("path: " + path_ + " cannot be normalised");
  path_ = std::string(*normal);
  return {};
}

bool RouteConditions::listener_holds(std::uint32_t listener) const {
  return any_listener_ ||
         std::find(listeners_.begin(), listeners_.end(), listener) != listeners_.end();
}

bool RouteConditions::host_holds(std::string_view host) const {
  if (hosts_.empty()) return true;
  return std::any_of(hosts_.begin(), hosts_.end(),
                     [&](const std::string& pattern) { return host_matches(pattern, host); });
}

bool RouteConditions::path_holds(std::string_view path) const {
  switch (path_kind_) {
    case PathMatch::prefix:
      return path_has_prefix(path, path_);
    case PathMatch::exact:
      return path == path_;
    case PathMatch::regex:
      return path_pattern_->matches(path);
  }
  return false;
}

bool RouteConditions::method_holds(std::string_view method) const {
  return methods_.empty() || std::find(methods_.begin(), methods_.end(), method) != methods_.end();
}

std::optional<std::size_t> RouteConditions::failed_header(const RequestView& request) const {
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    const ValueCondition& condition = headers_[i];
    const bool found = any_value(request.fields, condition.name,
                                 [&](std::string_view value) { return condition.accepts(value); });
    if (found == condition.invert) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> RouteConditions::failed_query(const RequestView& request) const {
  if (query_.empty()) return std::nullopt;
  char room[limits::kTargetBytes];  // no query is longer: the parser has refused those
  for (std::size_t i = 0; i < query_.size(); ++i) {
    const ValueCondition& condition = query_[i];
    const bool found =
        any_parameter(request.query, condition.name, room,
                      [&](std::string_view value) { return condition.accepts(value); });
    if (found == condition.invert) return i;
  }
  return std::nullopt;
}

bool RouteConditions::rest_holds(const RequestView& request) const {
  if (rest_always_holds_) return true;
  return listener_holds(request.listener) && method_holds(request.method) &&
         !failed_header(request) && !failed_query(request);
}

Mismatch RouteConditions::first_mismatch(const RequestView& request, std::string_view host,
                                         std::optional<std::string_view> path) const {
  if (!listener_holds(request.listener)) return {Condition::listener, 0};
  if (!host_holds(host)) return {Condition::host, 0};
  if (path && !path_holds(*path)) return {Condition::path, 0};
  if (!method_holds(request.method)) return {Condition::method, 0};
  if (const auto failed = failed_header(request)) return {Condition::header, *failed};
  if (const auto failed = failed_query(request)) return {Condition::query, *failed};
  return {};
}

}  // namespace weir::traffic
