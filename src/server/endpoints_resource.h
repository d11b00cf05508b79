// /v1/clusters/{cluster}/endpoints and what is below it: endpoints taken out of service and back,
// given other weights, or replaced as a whole set, while the process runs. Called by admin_api on
// the supervisor's thread; a change is in force for every worker when the answer is written, and is
// logged with who, from and to.
#pragma once

#include "server/admin_call.h"
#include "server/json_parts.h"

namespace weir::server {

AdminAnswer get_endpoints(const AdminCall& call);
AdminAnswer get_endpoint(const AdminCall& call);
// Refuses with 400 (body, query), 404 (no such cluster or endpoint), 409 (min_available), 503 (the
// process stops); then nothing has changed. With ?wait=drained the answer comes later: 200, or 504
// with what is still in flight; 409 when somebody has brought the endpoint back meanwhile.
AdminAnswer patch_endpoint(const AdminCall& call);
// The same refusals; 400 also for a name that does not resolve.
AdminAnswer put_endpoints(const AdminCall& call);

// The endpoint as it is now, and who changed it last.
Json endpoint_document(const ProcessState& state, const upstream::Cluster& cluster,
                       const Endpoint& endpoint);
// Who replaced the cluster's set; null when it is the file's.
Json replacement_json(const ProcessState& state, const upstream::Cluster& cluster);

}  // namespace weir::server
