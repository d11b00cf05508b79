// Copies: whether each mirror of a route gets one of this request, and why.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>

#include "http/upgrade.h"
#include "server/explain_split.h"
#include "traffic/sampling.h"

namespace weir::server {
namespace {

struct Verdict {
  std::string_view copy;  // yes, no or chance
  std::string why;
};

std::string percent_text(const config::Fraction& share) {
  return percent_json(share).dump() + " %";
}

// Of a request that the mirror may copy: is it in its share?
Verdict by_share(const config::Mirror& mirror, bool taken, const traffic::Point* key_point) {
  const std::string percent = percent_text(mirror.share);
  if (mirror.share.numerator == 0) return {"no", "0 % of requests"};
  if (mirror.share.numerator == mirror.share.denominator) return {"yes", "every request"};
  if (mirror.by != config::MirrorBy::key || key_point == nullptr) {
    return {"chance", fmt::format("{} of requests, by chance{}", percent,
                                  mirror.by == config::MirrorBy::key ? ": it has no key" : "")};
  }
  return {taken ? "yes" : "no", fmt::format("{:.6f} is {}in the upper {} of users",
                                            bucket_of(*key_point), taken ? "" : "not ", percent)};
}

Verdict verdict_of(const config::Mirror& mirror, const config::Upgrade& allowed,
                   const ExplainedRequest& request, const traffic::RequestView& view,
                   const traffic::Point* key_point) {
  const http::RequestHead& head = request.head;
  if (http::passes_upgrade(head, allowed)) return {"no", "it asks for an upgrade"};
  if (traffic::is_a_copy(view))
    return {"no", fmt::format("it is a copy itself: it has {}", traffic::kMirrorField)};
  Random dice(1);  // by_share() says where they would decide
  const auto sampled = traffic::sample(mirror, view.method, key_point, dice);
  if (sampled == traffic::SampleVerdict::method)
    return {"no", fmt::format("{} is not one of {}", view.method, fmt::join(mirror.methods, ", "))};
  if (head.announces_more_than(mirror.max_body)) {
    return {"no", fmt::format("its content of {} bytes is above max_body, {}",
                              head.content_length(), mirror.max_body)};
  }
  return by_share(mirror, sampled == traffic::SampleVerdict::taken, key_point);
}

}  // namespace

Json explain_mirrors(const proxy::RoutePlan& route, const ExplainedRequest& request,
                     const traffic::RequestView& view,
                     const std::optional<traffic::Point>& key_point) {
  Json list = Json::array();
  for (const proxy::MirrorPlan& plan : route.mirrors) {
    const config::Mirror& mirror = *plan.settings;
    const Verdict verdict = verdict_of(mirror, route.settings->upgrade, request, view,
                                       key_point ? &*key_point : nullptr);
    Json json = mirror_json(mirror);
    json["copy"] = verdict.copy;
    json["why"] = verdict.why;
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace weir::server
