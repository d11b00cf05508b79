// The admin API's table of resources, and who may ask for them. What they say is composed in
// admin_json.cc.
#include "server/admin_api.h"

#include <array>
#include <cstdint>

#include <weir/address.h>

#include "base/ascii.h"
#include "base/secret.h"
#include "server/admin_json.h"

namespace weir::server {
namespace {

AdminAnswer text(int status, std::string body) {
  return {status, "text/plain; charset=utf-8", std::move(body), {}};
}
AdminAnswer json(std::string body) {
  return {200, "application/json", std::move(body), {}};
}
AdminAnswer error(int status, std::string_view message) {
  return {status, "application/json", error_json(message), {}};
}

AdminAnswer live(const ProcessState&) {
  return text(200, "live\n");
}
AdminAnswer ready(const ProcessState& state) {
  return state.draining ? text(503, "draining\n") : text(200, "ready\n");
}
AdminAnswer metrics(const ProcessState& state) {
  return {200,
          "text/plain; version=0.0.4; charset=utf-8",
          render_metrics(*state.instruments, *state.snapshot),
          {}};
}

struct Resource {
  std::string_view path;
  bool open;  // needs no token: probes and scrapers have none
  AdminAnswer (*get)(const ProcessState&);
};

constexpr std::array kResources = {
    Resource{"/livez", true, live},
    Resource{"/readyz", true, ready},
    Resource{"/metrics", true, metrics},
    Resource{"/v1/status", false, [](const ProcessState& s) { return json(status_json(s)); }},
    Resource{"/v1/config", false, [](const ProcessState& s) { return json(config_json(s)); }},
    Resource{"/v1/clusters", false, [](const ProcessState& s) { return json(clusters_json(s)); }},
    Resource{"/v1/routes", false, [](const ProcessState& s) { return json(routes_json(s)); }},
};

const Resource* find_resource(std::string_view path) {
  for (const Resource& resource : kResources) {
    if (resource.path == path) return &resource;
  }
  return nullptr;
}

std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos)
    return host;
  return host.substr(0, colon);
}

}  // namespace

AdminAnswer AdminApi::answer(const AdminRequest& request) const {
  // A page in somebody's browser must not reach this API through a name it made point here (DNS
  // rebinding).
  if (!host_is_ours(request.host)) return error(403, "this Host is not the admin address");
  if (!request.origin.empty())
    return error(403, "requests from web pages of other origins are refused");
  const Resource* resource = find_resource(request.path);
  if (resource == nullptr) {
    return error(
        404,
        "no such resource; there are /v1/status, /v1/config, /v1/clusters, /v1/routes, /metrics, "
        "/livez and /readyz");
  }
  if (!resource->open && !authorized(request)) {
    AdminAnswer refused = error(401, "a bearer token is needed (admin.token_env)");
    refused.challenge = "Bearer";
    return refused;
  }
  if (request.method != "GET" && request.method != "HEAD") {
    AdminAnswer refused = error(405, "only GET is possible here");
    refused.allow = "GET, HEAD";
    return refused;
  }
  return resource->get(state_);
}

bool AdminApi::host_is_ours(std::string_view host) const {
  const config::Admin& admin = state_.snapshot->config.admin;
  const std::string_view name = without_port(host);
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
