// POST /v1/reload: takes the configuration file up anew, or with ?dry_run=true says what that would
// change. Called by admin_api on the supervisor's thread; answers when every worker goes on with
// the new configuration.
#pragma once

#include "server/admin_call.h"
#include "server/json_parts.h"

namespace weir::server {

// 200 applied, unchanged or planned; 422 refused, with every error, and nothing has changed.
AdminAnswer post_reload(const AdminCall& call);

// How reloads have gone, for /v1/status.
Json reloads_json(const ReloadHistory& history);

}  // namespace weir::server
