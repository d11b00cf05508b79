// The admin API: methods and paths to answers, and who may ask. Shows the process state as JSON
// (RFC 8259) or, for /metrics, in the Prometheus text format, and changes what may change while the
// process runs. No IO: admin_server carries requests in and answers out.
#pragma once

#include <string_view>

#include "server/admin_call.h"
#include "server/process_state.h"

namespace weir::server {

class AdminApi {
 public:
  explicit AdminApi(ProcessState& state) : state_(state) {}

  // Never throws; unknown paths are 404, wrong methods 405, a missing token 401, a foreign Host or
  // Origin 403. A change that was asked for and refused is logged, whatever the reason.
  AdminAnswer answer(const AdminRequest& request);

 private:
  AdminAnswer serve(const AdminRequest& request);
  bool host_is_ours(std::string_view host) const;
  bool authorized(const AdminRequest& request) const;

  ProcessState& state_;
};

}  // namespace weir::server
