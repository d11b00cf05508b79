// POST /v1/upgrade: a new process takes this one's place. Called by admin_api on the supervisor's
// thread; the answer comes when the new process serves, or has failed.
#pragma once

#include "server/admin_call.h"
#include "server/json_parts.h"

namespace weir::server {

// 200 the new process serves; 422 it does not, with every reason, and this one goes on; 409 not
// now.
AdminAnswer post_upgrade(const AdminCall& call);

// How upgrades have gone, for /v1/status.
Json upgrades_json(const UpgradeHistory& history);

}  // namespace weir::server
