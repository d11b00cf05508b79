// Compiling a route. Called by the snapshot builder for every route of a file.
#include "proxy/route_plan.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/random.h"

namespace weir::proxy {
namespace {

http::HeadEdit edit_of(http::EditKind kind, std::string_view name, std::string_view value) {
  return {kind, http::field_id(name), name, value};
}

void add_edits(http::EditKind kind, const std::vector<config::Pair>& pairs,
               std::vector<http::HeadEdit>& out) {
  for (const config::Pair& pair : pairs) out.push_back(edit_of(kind, pair.name, pair.value));
}
void add_edits(http::EditKind kind, const std::vector<std::string>& names,
               std::vector<http::HeadEdit>& out) {
  for (const std::string& name : names) out.push_back(edit_of(kind, name, {}));
}

std::vector<http::HeadEdit> compile_mirror_edits(const config::Mirror& mirror) {
  std::vector<http::HeadEdit> compiled;
  add_edits(http::EditKind::remove, mirror.remove_headers, compiled);
  add_edits(http::EditKind::set, mirror.set_headers, compiled);
  if (!mirror.host.empty()) compiled.push_back(edit_of(http::EditKind::set, "Host", mirror.host));
  return compiled;
}

// What is safe for any site: nothing here breaks a page that was not broken.
constexpr http::HeadEdit kSecurityFields[] = {
    {http::EditKind::set, http::FieldId::other, "X-Content-Type-Options", "nosniff"},
    {http::EditKind::set, http::FieldId::other, "X-Frame-Options", "SAMEORIGIN"},
    {http::EditKind::set, http::FieldId::other, "Referrer-Policy",
     "strict-origin-when-cross-origin"},
};

std::span<const http::HeadEdit> preset_edits(config::HeaderPreset preset) {
  if (preset == config::HeaderPreset::security) return kSecurityFields;
  return {};
}

// RFC 6797 section 6.1.
std::string hsts_value(const config::Hsts& hsts) {
  std::string value = "max-age=" + std::to_string(hsts.max_age.count() / 1000);
  if (hsts.include_subdomains) value += "; includeSubDomains";
  if (hsts.preload) value += "; preload";
  return value;
}

// Each field that is set once: by the route rather than by the preset.
std::vector<http::HeadEdit> compile_own_fields(const config::Route& route) {
  std::vector<http::HeadEdit> fields;
  for (const http::HeadEdit& preset : preset_edits(route.response_preset)) {
    const auto is_same = [&](const config::Pair& pair) {
      return ascii::equals_ignoring_case(pair.name, preset.name);
    };
    if (std::ranges::none_of(route.response_headers.set, is_same)) fields.push_back(preset);
  }
  add_edits(http::EditKind::add, route.response_headers.set, fields);
  add_edits(http::EditKind::add, route.response_headers.add, fields);
  return fields;
}

}  // namespace

// Nobody waits for a mirror's connection and none is refused one: max_in_flight is the bound.
std::shared_ptr<const upstream::ClusterSetup> mirror_setup(upstream::ClusterSetup setup) {
  setup.settings.connections.max = 0;
  setup.settings.connections.max_pending = 0;
  setup.settings.connections.max_requests = 0;
  return std::make_shared<const upstream::ClusterSetup>(std::move(setup));
}

std::vector<http::HeadEdit> compile_edits(const config::HeaderEdits& edits) {
  std::vector<http::HeadEdit> compiled;
  add_edits(http::EditKind::remove, edits.remove, compiled);
  add_edits(http::EditKind::set, edits.set, compiled);
  add_edits(http::EditKind::add, edits.add, compiled);
  return compiled;
}

RoutePlanner::RoutePlanner(const PlannedClusters& planned, std::span<const RoutePlan> before)
    : planned_(planned) {
  for (std::uint32_t i = 0; i < planned.clusters.size(); ++i) {
    indexes_[planned.clusters[i]->name()] = i;
  }
  for (const RoutePlan& route : before) routes_before_[route.settings->name] = &route;
}

std::unique_ptr<SplitPlan> RoutePlanner::plan_split(const config::Route& route) const {
  auto plan = std::make_unique<SplitPlan>(route);
  for (const config::Variant& variant : route.split.variants) {
    plan->variants.push_back({.settings = &variant, .cluster = indexes_.at(variant.cluster)});
  }
  plan->weights = std::make_shared<traffic::SplitWeights>(plan->split.file_weights());
  const std::string& header = route.split.override.header;
  if (!header.empty()) plan->hide_override = edit_of(http::EditKind::remove, header, {});
  return plan;
}

const RoutePlan* RoutePlanner::route_before(const config::Route& route) const {
  const auto found = routes_before_.find(route.name);
  return found == routes_before_.end() ? nullptr : found->second;
}

// An unchanged limit goes on with its buckets: a reload is no way around it.
RateLimitPlan RoutePlanner::plan_rate_limit(const config::Route& route) const {
  const RoutePlan* before = route_before(route);
  if (before != nullptr && before->settings->rate_limit == route.rate_limit) {
    return {.limiter = before->rate_limit->limiter, .series = {}};
  }
  return {.limiter = std::make_shared<traffic::RateLimiter>(*route.rate_limit, random_seed()),
          .series = {}};
}

const MirrorPlan* RoutePlanner::mirror_before(const config::Mirror& mirror,
                                              const config::Route& route) const {
  const RoutePlan* before = route_before(route);
  if (before == nullptr) return nullptr;
  for (const MirrorPlan& plan : before->mirrors) {
    if (plan.settings->cluster == mirror.cluster) return &plan;
  }
  return nullptr;
}

MirrorPlan RoutePlanner::plan_mirror(const config::Mirror& mirror, const config::Route& route) {
  MirrorPlan plan;
  plan.settings = &mirror;
  plan.route = &route;
  plan.index = mirrors_++;
  plan.edits = compile_mirror_edits(mirror);
  plan.original = planned_.setups[indexes_.at(mirror.cluster)];
  const MirrorPlan* before = mirror_before(mirror, route);
  const bool same = before != nullptr && before->original == plan.original;
  plan.setup = same ? before->setup : mirror_setup(*plan.original);
  plan.cluster =
      before != nullptr ? before->cluster : std::make_shared<upstream::Cluster>(plan.setup);
  plan.load = before != nullptr ? before->load : std::make_shared<MirrorLoad>();
  return plan;
}

std::expected<RoutePlan, std::string> RoutePlanner::plan(const config::Route& route) {
  RoutePlan plan;
  plan.settings = &route;
  if (route.action == config::ActionKind::cluster) plan.cluster = indexes_.at(route.cluster);
  if (route.action == config::ActionKind::split) plan.split = plan_split(route);
  for (const config::Mirror& mirror : route.mirrors) {
    plan.mirrors.push_back(plan_mirror(mirror, route));
  }
  if (route.rate_limit) plan.rate_limit = plan_rate_limit(route);
  plan.request_edits = compile_edits(route.request_headers);
  plan.response_edits = compile_edits(route.response_headers);
  plan.response_defaults = preset_edits(route.response_preset);
  const bool answers =
      route.action == config::ActionKind::redirect || route.action == config::ActionKind::respond;
  if (answers) plan.own_fields = compile_own_fields(route);
  if (route.hsts) plan.hsts = hsts_value(*route.hsts);
  if (!route.rewrite.empty()) {
    auto rewrite = traffic::PathRewrite::make(route);
    if (!rewrite) return std::unexpected(std::move(rewrite.error()));
    plan.rewrite = std::move(*rewrite);
  }
  if (route.action == config::ActionKind::redirect && route.redirect.https) {
    plan.redirect = traffic::RedirectTarget::to_https(route.redirect.port);
  } else if (route.action == config::ActionKind::redirect) {
    auto redirect = traffic::RedirectTarget::make(route.redirect.to);
    if (!redirect) return std::unexpected(std::move(redirect.error()));
    plan.redirect = std::move(*redirect);
  }
  return plan;
}

}  // namespace weir::proxy
