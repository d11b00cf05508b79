// Which variant of a split a request gets, and which mirrors get a copy of it, in words with their
// reasons. Asks the deciders of traffic/ and never decides itself; where they throw dice, it says
// so instead of showing one throw as the answer. Part of explanation.cc.
#pragma once

#include <nlohmann/json.hpp>

#include <optional>

#include "server/explained_request.h"
#include "server/json_parts.h"
#include "traffic/request_view.h"
#include "traffic/share.h"

namespace weir::server {

struct ExplainedSplit {
  Json json;
  std::uint32_t cluster = proxy::kNoCluster;  // that serves, failover considered
  std::optional<traffic::Point> key_point;    // nothing where chance decides
};

ExplainedSplit explain_split(const proxy::Snapshot& snapshot, const proxy::SplitPlan& plan,
                             const ExplainedRequest& request, const traffic::RequestView& view);

// A list, in file order.
Json explain_mirrors(const proxy::RoutePlan& route, const ExplainedRequest& request,
                     const traffic::RequestView& view,
                     const std::optional<traffic::Point>& key_point);

}  // namespace weir::server
