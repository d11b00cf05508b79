// Listening sockets on their way to the workers: opened by the supervisor for all workers at once,
// so that a busy address is an error before anything has changed.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <weir/config.h>
#include <weir/error.h>

#include "net/listener.h"
#include "server/inherited_sockets.h"

namespace weir::server {

// The sockets a worker is to accept from, by listener index; of listeners that go on, none.
// More than one of a listener where a process with more workers handed its sockets over.
using WorkerSockets = std::multimap<std::uint32_t, net::ListenSocket>;

// Does a listener of a new file go on with the socket of an old one's?
bool same_socket(const config::Listener& a, const config::Listener& b);

// An address to listen on; only literals, because a listener's address is this machine's own.
Result<net::ListenSocket> listen_on(const config::Address& address);

// The admin API's socket: an inherited one, or a new one.
Result<net::ListenSocket> admin_socket(const config::Address& address, InheritedSockets& inherited);

// Adds a socket for the listener to each worker's: inherited ones, of which none is left out
// because connections may wait in it, or new ones. The address as bound.
Result<SocketAddress> open_for_all(const config::Listener& listener, std::uint32_t index,
                                   std::vector<WorkerSockets>& workers,
                                   InheritedSockets& inherited);

// Sockets on their way to another process.
struct HandedSocket {
  NamedDescriptor description;  // without its descriptor
  net::ListenSocket socket;     // a duplicate
};
// A duplicate of a listener's socket with what the other process must know of it.
Result<HandedSocket> hand_out(const net::ListenSocket& socket, const config::Listener& listener,
                              int worker);

}  // namespace weir::server
