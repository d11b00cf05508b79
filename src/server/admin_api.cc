// The admin API's table of resources, and who may ask for them. What they say is composed in
// admin_json.cc, what they do in a file of their own each.
#include "server/admin_api.h"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <weir/address.h>

#include "base/ascii.h"
#include "base/secret.h"
#include "http/authority.h"
#include "observe/log.h"
#include "server/admin_json.h"
#include "server/endpoints_resource.h"
#include "server/explain_resource.h"
#include "server/percent.h"
#include "server/reload_resource.h"
#include "server/upgrade_resource.h"
#include "server/weights_resource.h"

namespace weir::server {
namespace {

AdminAnswer live(const AdminCall&) {
  return text_answer(200, "live\n");
}
AdminAnswer ready(const AdminCall& call) {
  if (call.state.draining) return text_answer(503, "draining\n");
  return call.state.starting ? text_answer(503, "starting\n") : text_answer(200, "ready\n");
}
AdminAnswer metrics(const AdminCall& call) {
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = render_metrics(*call.state.instruments, *call.state.snapshot, call.state.reloads,
                                 call.state.upgrades)};
}
template <std::string (*document)(const ProcessState&)>
AdminAnswer show(const AdminCall& call) {
  return json_answer(document(call.state));
}

enum class Needs : std::uint8_t {
  nothing,  // probes and scrapers have no token
  token,
};

// One verb of one resource. A segment "{...}" of a path stands for any name. GET serves HEAD too.
struct Resource {
  std::string_view method;
  std::string_view path;
  Needs needs;
  AdminAnswer (*serve)(const AdminCall&);
};

constexpr Resource kResources[] = {
    {"GET", "/livez", Needs::nothing, live},
    {"GET", "/readyz", Needs::nothing, ready},
    {"GET", "/metrics", Needs::nothing, metrics},
    {"GET", "/v1/status", Needs::token, show<status_json>},
    {"GET", "/v1/config", Needs::token, show<config_json>},
    {"GET", "/v1/clusters", Needs::token, show<clusters_json>},
    {"GET", "/v1/clusters/{cluster}/endpoints", Needs::token, get_endpoints},
    {"PUT", "/v1/clusters/{cluster}/endpoints", Needs::token, put_endpoints},
    {"GET", "/v1/clusters/{cluster}/endpoints/{endpoint}", Needs::token, get_endpoint},
    {"PATCH", "/v1/clusters/{cluster}/endpoints/{endpoint}", Needs::token, patch_endpoint},
    {"GET", "/v1/routes", Needs::token, show<routes_json>},
    {"GET", "/v1/routes/{route}/weights", Needs::token, get_weights},
    {"PUT", "/v1/routes/{route}/weights", Needs::token, put_weights},
    {"GET", "/v1/explain", Needs::token, get_explanation},
    {"POST", "/v1/reload", Needs::token, post_reload},
    {"POST", "/v1/upgrade", Needs::token, post_upgrade},
};

// Does the path have the pattern's form? `names` are what stands for its {...}, decoded.
bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& names) {
  names.clear();
  for (;;) {
    const std::size_t open = pattern.find('{');
    if (open == std::string_view::npos) return pattern == path;
    if (!path.starts_with(pattern.substr(0, open))) return false;
    path.remove_prefix(open);
    const std::string_view name = path.substr(0, path.find('/'));
    if (name.empty()) return false;
    names.push_back(percent_decoded(name));
    path.remove_prefix(name.size());
    pattern.remove_prefix(pattern.find('}') + 1);
  }
}

std::string all_paths() {
  std::vector<std::string_view> paths;
  for (const Resource& resource : kResources) {
    if (paths.empty() || paths.back() != resource.path) paths.push_back(resource.path);
  }
  return fmt::format("{}", fmt::join(paths, ", "));
}

// What a path offers, whatever the method.
struct Found {
  const Resource* any = nullptr;     // null: there is no such path
  const Resource* wanted = nullptr;  // null: not by this method
  std::vector<std::string> names;
  std::string methods;
};

Found find_resource(std::string_view method, std::string_view path) {
  if (method == "HEAD") method = "GET";
  Found found;
  std::vector<std::string> names;
  for (const Resource& resource : kResources) {
    if (!matches(resource.path, path, names)) continue;
    found.any = &resource;
    found.names = names;
    if (resource.method == method) found.wanted = &resource;
    if (!found.methods.empty()) found.methods += ", ";
    found.methods += resource.method == "GET" ? "GET, HEAD" : resource.method;
  }
  return found;
}

bool only_reads(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

void log_refusal(const AdminRequest& request, const AdminAnswer& answer) {
  // Who has no right to be here could otherwise fill the log.
  static observe::LogLimiter strangers;
  const bool stranger = answer.status == 401 || answer.status == 403;
  const std::string words =
      fmt::format("admin: {} {} by {} (from {}) refused with {}: {}", request.method, request.path,
                  actor_of(request), request.peer, answer.status, answer.refusal);
  if (stranger) {
    observe::log_limited(strangers, config::LogLevel::warn, "{}", words);
  } else {
    observe::log_warn("{}", words);
  }
}

}  // namespace

AdminAnswer AdminApi::answer(const AdminRequest& request) {
  AdminAnswer answer = serve(request);
  if (!answer.refusal.empty() && !only_reads(request.method)) log_refusal(request, answer);
  return answer;
}

AdminAnswer AdminApi::serve(const AdminRequest& request) {
  // A page in somebody's browser must not reach this API through a name it made point here (DNS
  // rebinding).
  if (!host_is_ours(request.host)) return refuse(403, "this Host is not the admin address");
  if (!request.origin.empty())
    return refuse(403, "requests from web pages of other origins are refused");
  Found found = find_resource(request.method, request.path);
  if (found.any == nullptr) return refuse(404, "no such resource; there are " + all_paths());
  if (found.any->needs == Needs::token && !authorized(request)) {
    AdminAnswer refused = refuse(401, "a bearer token is needed (admin.token_env)");
    refused.challenge = "Bearer";
    return refused;
  }
  if (found.wanted == nullptr) {
    AdminAnswer refused = refuse(405, "only " + found.methods + " is possible here");
    refused.allow = std::move(found.methods);
    return refused;
  }
  return found.wanted->serve({state_, request, std::move(found.names)});
}

bool AdminApi::host_is_ours(std::string_view host) const {
  const config::Admin& admin = state_.snapshot->config.admin;
  const std::string_view name = http::host_of(host);
  if (admin.address.is_unix() || name.empty()) return true;
  return ascii::equals_ignoring_case(name, "localhost") || parse_ip(name).has_value() ||
         ascii::equals_ignoring_case(name, admin.address.host);
}

bool AdminApi::authorized(const AdminRequest& request) const {
  const std::string& token = state_.snapshot->config.admin.token;
  if (token.empty()) return true;
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view given = request.authorization;
  return given.size() > kScheme.size() &&
         ascii::equals_ignoring_case(given.substr(0, kScheme.size()), kScheme) &&
         same_secret(given.substr(kScheme.size()), token);
}

}  // namespace weir::server
