// /v1/routes/{route}/weights: the weights of a split, to read and to change while the process runs.
// Called by admin_api on the supervisor's thread; a change is in force for every worker's next
// decision when the answer is written, and is logged with who, from and to.
#pragma once

#include "server/admin_call.h"

namespace weir::server {

AdminAnswer get_weights(const AdminCall& call);
// Refuses with 400 (the body), 404 (no such route), 409 (a route without a split); then nothing has
// changed.
AdminAnswer put_weights(const AdminCall& call);

}  // namespace weir::server
