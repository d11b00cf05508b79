// GET /v1/explain: the way of a described request through the configuration in force. Called by
// admin_api; the question comes in the query, so that asking changes nothing and can be repeated.
#pragma once

#include <string>

#include "server/admin_call.h"
#include "server/explained_request.h"

namespace weir::server {

AdminAnswer get_explanation(const AdminCall& call);

// The resource for a question, with its query: what commands ask for.
std::string explain_target(const ExplainQuestion& question);

}  // namespace weir::server
