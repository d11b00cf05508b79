// The document, in the order in which proxy/exchange.cc decides.
#include "server/explanation.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <utility>
#include <vector>

#include "balance/registry.h"
#include "config/choices.h"
#include "config/quantities.h"
#include "http/forwarding.h"
#include "http/upgrade.h"
#include "proxy/pick_key.h"
#include "proxy/request_fields.h"
#include "server/explain_split.h"
#include "traffic/match_trace.h"

namespace weir::server {
namespace {

// "600 per 1m, 600 at once, by header x-api-key"
std::string words_of(const config::RateLimit& limit) {
  std::string words = fmt::format("{} per {}, {} at once", limit.requests,
                                  config::format_duration(limit.per), limit.burst);
  if (limit.key) {
    words += fmt::format(", by {}", config::word_of(config::kKeySources, limit.key->source));
    if (!limit.key->name.empty()) words += " " + limit.key->name;
  }
  return words;
}

class Story {
 public:
  Story(const proxy::Snapshot& snapshot, const ExplainedRequest& request, Scene scene)
      : snapshot_(snapshot),
        request_(request),
        scene_(scene),
        fields_(request.head),
        view_{.listener = request.listener->index,
              .method = request.head.method_name(),
              .host = request.head.host(),
              .path = request.head.path(),
              .query = request.head.query(),
              .fields = &fields_} {}

  Json tell() && {
    tell_request();
    if (http::must_answer_here(request_.head)) {
      json_["answer"] = {{"status", 200}, {"words", "Max-Forwards is 0: it goes no further"}};
      return std::move(json_);
    }
    tell_routes();
    Buffer scratch;
    const auto choice = snapshot_.router->match(view_, scratch);
    if (choice) {
      tell_route(snapshot_.routes[choice->route], choice->path);
    } else {
      answer(choice.error().code);
    }
    return std::move(json_);
  }

 private:
  void answer(Errc code) {
    json_["answer"] = {
        {"status", status_of(code)}, {"reason", name_of(code)}, {"words", words_of(code)}};
  }

  void tell_request() {
    if (scene_ == Scene::running) json_["generation"] = snapshot_.generation;
    json_["request"] = {{"method", view_.method},
                        {"host", view_.host},
                        {"path", view_.path},
                        {"query", view_.query},
                        {"listener", request_.listener->settings->name},
                        {"client", request_.client ? Json(to_string(*request_.client)) : Json()}};
  }

  void tell_routes() {
    Json passed_over = Json::array();
    for (const auto& step : traffic::trace_match(snapshot_.config, *snapshot_.router, view_)) {
      if (step.outcome != traffic::TraceOutcome::passed_over) continue;
      passed_over.push_back(
          {{"route", snapshot_.config.routes[step.route].name}, {"reason", step.reason}});
    }
    json_["passed_over"] = std::move(passed_over);
  }

  void tell_route(const proxy::RoutePlan& route, std::string_view path) {
    const config::Route& settings = *route.settings;
    json_["route"] = settings.name;
    json_["action"] = name_of(settings.action);
    if (settings.rate_limit) json_["rate_limit"] = words_of(*settings.rate_limit);
    if (exceeds_limit(settings)) return answer(Errc::body_too_large);
    switch (settings.action) {
      case config::ActionKind::redirect: {
        if (route.redirect->keeps_host() && view_.host.empty()) return answer(Errc::bad_host);
        Buffer location;
        route.redirect->append_location(view_.host, path, view_.query, location);
        json_["redirect"] = {{"status", settings.redirect.status}, {"location", location.view()}};
        return;
      }
      case config::ActionKind::respond:
        json_["respond"] = {{"status", settings.respond.status},
                            {"bytes", settings.respond.body.size()}};
        return;
      case config::ActionKind::cluster:
      case config::ActionKind::split:
        tell_forwarding(route, path);
        return;
    }
  }

  bool exceeds_limit(const config::Route& settings) const {
    const std::uint64_t limit =
        settings.body_bytes.value_or(request_.listener->settings->limits.body_bytes);
    return limit != 0 && request_.head.announces_more_than(limit);
  }

  void tell_forwarding(const proxy::RoutePlan& route, std::string_view path) {
    std::uint32_t cluster = route.cluster;
    std::optional<traffic::Point> key_point;
    if (route.split) {
      ExplainedSplit split = explain_split(snapshot_, *route.split, request_, view_);
      json_["split"] = std::move(split.json);
      cluster = split.cluster;
      key_point = split.key_point;
    }
    Buffer rewritten;
    if (route.rewrite) {
      if (const Error error = route.rewrite->apply(path, rewritten)) return answer(error.code);
      path = rewritten.view();
    }
    if (request_.head.wants_upgrade()) tell_upgrade(route.settings->upgrade);
    if (!route.mirrors.empty())
      json_["mirrors"] = explain_mirrors(route, request_, view_, key_point);
    std::string target(path);
    if (!view_.query.empty()) target.append("?").append(view_.query);
    json_["forwards"] = std::move(target);
    tell_cluster(*snapshot_.clusters[cluster]);
  }

  void tell_upgrade(const config::Upgrade& allowed) {
    const bool passed = http::passes_upgrade(request_.head, allowed);
    json_["upgrade"] = passed ? "passed on; a 101 that answers it opens a tunnel"
                              : "left out: the route's `upgrade` does not let it through";
  }

  void tell_cluster(const upstream::Cluster& cluster) {
    Json endpoints = Json::array();
    for (const auto& endpoint : cluster.endpoints())
      endpoints.push_back(endpoint_json(*endpoint, scene_ == Scene::running));
    json_["cluster"] = {{"cluster", cluster.name()},
                        {"balance", cluster.settings().balance.algorithm},
                        {"endpoints", std::move(endpoints)}};
    for (const balance::Algorithm& algorithm : balance::algorithms()) {
      if (algorithm.name == cluster.settings().balance.algorithm && algorithm.traits.by_key)
        json_["endpoint"] = hashed_endpoint(cluster, algorithm);
    }
  }

  Json hashed_endpoint(const upstream::Cluster& cluster,
                       const balance::Algorithm& algorithm) const {
    const auto nobody = [](std::string_view words) {
      return Json{{"endpoint", nullptr}, {"words", words}};
    };
    const config::Balance& balance = cluster.settings().balance;
    const bool by_address =
        balance.hash_on == config::HashOn::none || balance.hash_on == config::HashOn::client_ip;
    if (by_address && !request_.client)
      return nobody("any: the address it comes from is not given");
    const PickContext context =
        proxy::pick_key(balance, request_.head, request_.client.value_or(IpAddress{}));
    if (!context.has_key) return nobody("any: the request has no key to hash");
    std::vector<const Endpoint*> set;
    for (const auto& endpoint : cluster.endpoints()) set.push_back(endpoint.get());
    const auto balancer = algorithm.make(1);
    balancer->update(set);
    const std::size_t picked = balancer->pick(set, context);
    if (picked == kNoEndpoint) return nobody("none takes requests");
    return {{"endpoint", set[picked]->name()},
            {"words", scene_ == Scene::file ? "while all are up, by the hash of its key"
                                            : "as they are now, by the hash of its key"}};
  }

  const proxy::Snapshot& snapshot_;
  const ExplainedRequest& request_;
  const Scene scene_;
  const proxy::RequestFields fields_;
  const traffic::RequestView view_;
  Json json_ = Json::object();
};

// The head of a refused request is not whole: only what was asked is told.
Json tell_refusal(const ExplainQuestion& question, const ExplainedRequest& request) {
  const Errc code = request.refused.code;
  return {{"request",
           {{"method", question.method},
            {"url", question.url},
            {"listener", request.listener->settings->name}}},
          {"answer",
           {{"status", status_of(code)}, {"reason", name_of(code)}, {"words", words_of(code)}}}};
}

}  // namespace

std::expected<Json, std::string> explain(const proxy::Snapshot& snapshot,
                                         const ExplainQuestion& question, Scene scene) {
  ExplainedRequest request;
  if (std::string fault = request.take(question, snapshot); !fault.empty())
    return std::unexpected(std::move(fault));
  if (request.refused) return tell_refusal(question, request);
  return Story(snapshot, request, scene).tell();
}

}  // namespace weir::server
