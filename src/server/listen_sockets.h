// Listening sockets on their way to the workers: opened by the supervisor for all workers at once,
// so that a busy address is an error before anything has changed.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <weir/config.h>
#include <weir/error.h>

#include "net/listener.h"

namespace weir::server {

// The sockets a worker is to accept from, by listener index; of listeners that go on, none.
using WorkerSockets = std::map<std::uint32_t, net::ListenSocket>;

// Does a listener of a new file go on with the socket of an old one's?
bool same_socket(const config::Listener& a, const config::Listener& b);

// An address to listen on; only literals, because a listener's address is this machine's own.
Result<net::ListenSocket> listen_on(const config::Address& address);

// Adds a socket for the listener to each worker's; the address as bound.
Result<SocketAddress> open_for_all(const config::Listener& listener, std::uint32_t index,
                                   std::vector<WorkerSockets>& workers);

}  // namespace weir::server
