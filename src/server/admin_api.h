// The admin API: paths to answers. Reads the process state and says it as JSON (RFC 8259) or, for
// /metrics, in the Prometheus text format. No IO: admin_server carries requests in and answers
// out.
#pragma once

#include <string>
#include <string_view>

#include "server/process_state.h"

namespace weir::server {

struct AdminRequest {
  std::string_view method;
  std::string_view path;  // without query
  std::string_view query;
  std::string_view host;  // Host, port included
  std::string_view authorization;
  std::string_view origin;
};

struct AdminAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow;      // for 405
  std::string challenge;  // for 401
};

class AdminApi {
 public:
  explicit AdminApi(const ProcessState& state) : state_(state) {}

  // Never throws; unknown paths are 404, wrong methods 405, a missing token 401, a foreign Host or
  // Origin 403.
  AdminAnswer answer(const AdminRequest& request) const;

 private:
  bool host_is_ours(std::string_view host) const;
  bool authorized(const AdminRequest& request) const;

  const ProcessState& state_;
};

}  // namespace weir::server
