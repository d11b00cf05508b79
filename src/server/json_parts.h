// Pieces that several of the admin API's documents are made of, so that an endpoint, a variant or a
// change of weights looks the same wherever it is shown. Composed on the supervisor's thread or in
// a command, never on a worker's; docs/admin-api.md describes the fields.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

#include <weir/config.h>
#include <weir/endpoint.h>

#include "proxy/route_plan.h"
#include "server/live_endpoints.h"
#include "server/live_splits.h"
#include "traffic/share.h"
#include "upstream/cluster.h"

namespace weir::server {

using Json = nlohmann::ordered_json;

// Text with two spaces of indentation and a line end; bytes that are no UTF-8 are replaced.
std::string print(const Json& json);

// A value that somebody sent, for a message about it: its first 40 bytes. Of a nested one only the
// kind, because printing it would recurse as deep as the sender likes.
std::string shown(const Json& value);

std::string_view name_of(config::ActionKind action);
std::string_view name_of(EndpointState state);

// `live`: also where it is and how it is doing, not only what the file says.
Json endpoint_json(const Endpoint& endpoint, bool live);

Json setting_json(const EndpointSetting& setting);  // {"state", "weight"}
Json weights_json(const NamedWeights& weights);     // {"stable": 95, "canary": 5}

// {"by", "at", "from", "to"}; null when nobody changed anything.
Json change_json(const WeightChange* change);
Json change_json(const EndpointChange* change);
Json change_json(const SetChange* change);

// [{"variant", "cluster", "weight", "configured_weight"}] with the weights in force.
Json variants_json(const proxy::SplitPlan& split);
std::uint64_t weights_sum(const proxy::SplitPlan& split);

// Does any endpoint of the cluster take requests?
bool takes_requests(const upstream::Cluster& cluster);

// Where a user stands, as a number in [0, 1) with 6 digits, cut and not rounded: a point below a
// share is shown below it.
double bucket_of(traffic::Point point);

// A share in percent: a whole number where it is one.
Json percent_json(const config::Fraction& share);
// What the file says of a mirror: {"cluster", "percent", "by", "when"}.
Json mirror_json(const config::Mirror& mirror);

}  // namespace weir::server
