// weir explain: the way of one request through a file, in words: every route passed over and why,
// the route taken, what is sent upstream, and which endpoints may get it. Offline; asks the same
// router, rewrites and balancers as the server.
#include <fmt/core.h>

#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include <weir/address.h>

#include "balance/registry.h"
#include "base/ascii.h"
#include "base/hash.h"
#include "cli/commands.h"
#include "config/loader.h"
#include "traffic/cookies.h"
#include "traffic/match_trace.h"
#include "traffic/redirect.h"
#include "traffic/rewrite.h"
#include "traffic/router.h"

namespace weir::cli {
namespace {

// The request as given on the command line.
struct Described final : traffic::FieldSource {
  std::string host, path = "/", query;
  std::vector<std::pair<std::string, std::string>> fields;

  bool visit_values(std::string_view name, Visit visit, void* context) const override {
    for (const auto& [field, value] : fields) {
      if (ascii::equals_ignoring_case(field, name) && visit(context, value)) return true;
    }
    return false;
  }
  std::string value_of(std::string_view name) const {
    for (const auto& [field, value] : fields) {
      if (ascii::equals_ignoring_case(field, name)) return value;
    }
    return {};
  }
};

int usage(const std::string& reason) {
  fmt::print(stderr, "weir: {}\n", reason);
  return 2;
}

std::string_view host_without_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.find(']', colon) != std::string_view::npos)
    return authority;
  return authority.substr(0, colon);
}

void take_url(std::string_view url, Described& request) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
    const std::size_t end = url.find_first_of("/?");
    request.host = host_without_port(url.substr(0, end));
    url = end == std::string_view::npos ? std::string_view("/") : url.substr(end);
  }
  url = url.substr(0, url.find('#'));
  const std::size_t mark = url.find('?');
  request.path = url.substr(0, mark);
  if (request.path.empty()) request.path = "/";
  if (mark != std::string_view::npos) request.query = url.substr(mark + 1);
}

bool take_headers(const std::vector<std::string>& headers, Described& request) {
  for (const std::string& header : headers) {
    const std::size_t colon = header.find(':');
    if (colon == std::string::npos || colon == 0) return false;
    request.fields.emplace_back(header.substr(0, colon),
                                ascii::trim(std::string_view(header).substr(colon + 1)));
  }
  if (request.host.empty()) request.host = host_without_port(request.value_of("Host"));
  return true;
}

std::optional<std::uint32_t> listener_index(const config::Config& config, const std::string& name) {
  for (std::uint32_t i = 0; i < config.listeners.size(); ++i) {
    if (name.empty() || config.listeners[i].name == name) return i;
  }
  return {};
}

// The balancer's key, as the server makes it; nothing when the request has none.
std::optional<std::string> key_of(const config::Balance& balance, const Described& request,
                                  const std::string& from) {
  switch (balance.hash_on) {
    case config::HashOn::header:
      return request.value_of(balance.hash_name);
    case config::HashOn::cookie:
      return std::string(
          traffic::find_cookie(&request, balance.hash_name).value_or(std::string_view()));
    case config::HashOn::path:
      return request.path;
    case config::HashOn::none:
    case config::HashOn::client_ip:
      break;
  }
  const auto ip = parse_ip(from);
  if (!ip) return {};
  return std::string(reinterpret_cast<const char*>(ip->bytes.data()), ip->bytes.size());
}

void print_endpoints(const config::Cluster& cluster, const Described& request,
                     const std::string& from) {
  std::vector<std::unique_ptr<Endpoint>> endpoints;
  std::vector<const Endpoint*> set;
  for (const config::Endpoint& endpoint : cluster.endpoints) {
    endpoints.push_back(std::make_unique<Endpoint>(to_string(endpoint.address), SocketAddress{},
                                                   endpoint.weight, endpoint.backup));
    set.push_back(endpoints.back().get());
  }
  fmt::print("cluster   {} ({})\n", cluster.name, cluster.balance.algorithm);
  for (const auto& endpoint : endpoints) {
    fmt::print("          {} weight {}{}\n", endpoint->name(), endpoint->weight(),
               endpoint->backup() ? ", backup" : "");
  }
  for (const balance::Algorithm& algorithm : balance::algorithms()) {
    if (algorithm.name != cluster.balance.algorithm || !algorithm.traits.by_key) continue;
    const auto key = key_of(cluster.balance, request, from);
    if (!key || key->empty()) {
      fmt::print("endpoint  any: the request has no key to hash{}\n",
                 from.empty() ? " (--from gives an address)" : "");
      return;
    }
    const auto balancer = algorithm.make(1);
    balancer->update(set);
    const std::size_t picked = balancer->pick(set, {.key = hash64(*key), .has_key = true});
    if (picked != kNoEndpoint)
      fmt::print("endpoint  {} while all are up, by the hash of its key\n", set[picked]->name());
    return;
  }
}

void print_action(const config::Config& config, const config::Route& route, std::string_view path,
                  const Described& request, const std::string& from) {
  Buffer out;
  switch (route.action) {
    case config::ActionKind::redirect:
      if (const auto target = traffic::RedirectTarget::make(route.redirect.to)) {
        target->append_location(path, request.query, out);
      }
      fmt::print("redirect  {} {}\n", route.redirect.status, out.view());
      return;
    case config::ActionKind::respond:
      fmt::print("respond   {}, {} bytes\n", route.respond.status, route.respond.body.size());
      return;
    case config::ActionKind::split:
      return;
    case config::ActionKind::cluster:
      break;
  }
  const auto rewrite = traffic::PathRewrite::make(route);
  if (rewrite && !rewrite->empty() && !rewrite->apply(path, out)) path = out.view();
  fmt::print("forwards  {}{}{}\n", path, request.query.empty() ? "" : "?", request.query);
  for (const config::Cluster& cluster : config.clusters) {
    if (cluster.name == route.cluster) print_endpoints(cluster, request, from);
  }
}

int explain_in(const config::Config& config, const Described& request, std::uint32_t listener,
               const ExplainOptions& options) {
  const auto router = traffic::Router::make(config);
  if (!router) return usage(router.error());
  const traffic::RequestView view{.listener = listener,
                                  .method = options.method,
                                  .host = request.host,
                                  .path = request.path,
                                  .query = request.query,
                                  .fields = &request};
  fmt::print("request   {} {} at {} by listener {}\n", options.method, request.path,
             request.host.empty() ? "no host" : request.host, config.listeners[listener].name);
  for (const traffic::TraceStep& step : traffic::trace_match(config, **router, view)) {
    const std::string& name = config.routes[step.route].name;
    if (step.outcome == traffic::TraceOutcome::passed_over)
      fmt::print("not       {}: {}\n", name, step.reason);
  }
  Buffer scratch;
  const auto choice = (*router)->match(view, scratch);
  if (!choice) {
    fmt::print("answer    {}: {}\n", status_of(choice.error().code), words_of(choice.error().code));
    return 0;
  }
  const config::Route& route = config.routes[choice->route];
  fmt::print("route     {}\n", route.name);
  print_action(config, route, choice->path, request, options.from);
  return 0;
}

}  // namespace

int explain(const ExplainOptions& options) {
  const config::Loaded loaded = config::load_file(options.file);
  for (const config::ConfigError& error : loaded.errors)
    fmt::print(stderr, "{}\n", to_string(error));
  if (!loaded.errors.empty()) return 1;
  Described request;
  if (!options.url.starts_with('/') && options.url != "*" &&
      options.url.find("://") == std::string::npos) {
    return usage("'" + options.url + "' is no URL: did you mean http://" + options.url + "?");
  }
  take_url(options.url, request);
  if (!take_headers(options.headers, request)) return usage("a header is 'Name: value'");
  if (!options.from.empty() && !parse_ip(options.from))
    return usage("--from is not an IP address: " + options.from);
  const auto listener = listener_index(loaded.config, options.listener);
  if (!listener) return usage("no listener '" + options.listener + "' in " + options.file);
  return explain_in(loaded.config, request, *listener, options);
}

}  // namespace weir::cli
