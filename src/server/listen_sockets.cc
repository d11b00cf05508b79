// Opening an address once for each worker.
#include "server/listen_sockets.h"

#include <utility>

#include "server/endpoint_names.h"

namespace weir::server {

bool same_socket(const config::Listener& a, const config::Listener& b) {
  return a.name == b.name && a.address == b.address;
}

Result<net::ListenSocket> listen_on(const config::Address& address) {
  const auto literal = literal_address(address);
  if (!literal) return Failure(Error{Errc::resolve_failed});
  return net::ListenSocket::open(*literal);
}

Result<SocketAddress> open_for_all(const config::Listener& listener, std::uint32_t index,
                                   std::vector<WorkerSockets>& workers) {
  auto first = listen_on(listener.address);
  if (!first) return Failure(first.error());
  SocketAddress bound = first->address();
  for (std::size_t i = 1; i < workers.size(); ++i) {
    auto another = first->another();
    if (!another) return Failure(another.error());
    workers[i].emplace(index, std::move(*another));
  }
  workers[0].emplace(index, std::move(*first));
  return bound;
}

}  // namespace weir::server
