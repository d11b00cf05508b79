// Choosing among an endpoint's connections.
#include "upstream/h2_connections.h"

#include "upstream/pool.h"

namespace weir::upstream {

Lease H2Connections::take() {
  H2Connection* found = nullptr;
  list_.for_each([&](H2Connection& each) {
    if (found == nullptr && each.has_room()) found = &each;
  });
  return found == nullptr ? Lease() : found->take();
}

bool H2Connections::join(LeaseRequest& request) {
  H2Connection* found = nullptr;
  list_.for_each([&](H2Connection& each) {
    if (found == nullptr && each.may_wait()) found = &each;
  });
  if (found == nullptr) return false;
  found->wait(request);
  return true;
}

void H2Connections::connect(LeaseRequest& request) {
  auto* connection = new H2Connection(*this);  // owned by the list; retires itself at its end
  list_.push_back(*connection);
  connection->connect(request);
}

bool H2Connections::close_oldest_idle() {
  H2Connection* oldest = nullptr;
  list_.for_each([&](H2Connection& each) {
    if (each.idle() && (oldest == nullptr || each.idle_since() < oldest->idle_since())) {
      oldest = &each;
    }
  });
  if (oldest == nullptr) return false;
  oldest->close_idle();
  return true;
}

void H2Connections::retire_all() {
  list_.for_each([](H2Connection& each) { each.retire(); });
}

void H2Connections::end_all() {
  while (!list_.empty()) list_.front().end({Errc::upstream_reset});
}

void H2Connections::leave(H2Connection& connection) {
  connection.link_.unlink();
  pool_.cluster_.remove_connection();
}

}  // namespace weir::upstream
