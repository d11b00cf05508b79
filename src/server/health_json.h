// What the admin API shows of an endpoint's health, as part of its document of clusters;
// docs/admin-api.md describes it. On the supervisor's thread.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <weir/endpoint.h>

#include "base/clock.h"
#include "server/endpoint_health.h"

namespace weir::server {

// `health` may be null: nobody checks then.
void add_health(nlohmann::ordered_json& json, const EndpointHealth* health,
                const Endpoint& endpoint, const Clock& clock);

}  // namespace weir::server
