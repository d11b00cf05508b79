// Opening an address once for each worker, or taking up what an earlier process had opened.
#include "server/listen_sockets.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/endpoint_names.h"

namespace weir::server {

namespace {

// Sockets of one address to all workers: at least one to each, and every queue to somebody.
Error spread(std::vector<net::ListenSocket> sockets, std::uint32_t index,
             std::vector<WorkerSockets>& workers) {
  while (sockets.size() < workers.size()) {
    auto another = sockets.front().another();
    if (!another) return another.error();
    sockets.push_back(std::move(*another));
  }
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    // Duplicates have one queue: more of them than workers are of no use.
    if (i >= workers.size() && !sockets[i].shares_address()) break;
    workers[i % workers.size()].emplace(index, std::move(sockets[i]));
  }
  return {};
}

}  // namespace

bool same_socket(const config::Listener& a, const config::Listener& b) {
  return a.name == b.name && a.address == b.address;
}

Result<net::ListenSocket> listen_on(const config::Address& address) {
  const auto literal = literal_address(address);
  if (!literal) return Failure(Error{Errc::resolve_failed});
  return net::ListenSocket::open(*literal);
}

Result<net::ListenSocket> admin_socket(const config::Address& address,
                                       InheritedSockets& inherited) {
  if (const auto literal = literal_address(address)) {
    auto taken = inherited.take({.name = "admin", .address = *literal, .admin = true});
    if (!taken.empty()) return std::move(taken.front());
  }
  return listen_on(address);
}

Result<SocketAddress> open_for_all(const config::Listener& listener, std::uint32_t index,
                                   std::vector<WorkerSockets>& workers,
                                   InheritedSockets& inherited) {
  std::vector<net::ListenSocket> sockets;
  if (const auto literal = literal_address(listener.address)) {
    sockets = inherited.take({.name = listener.name, .address = *literal});
  }
  if (sockets.empty()) {
    auto first = listen_on(listener.address);
    if (!first) return Failure(first.error());
    sockets.push_back(std::move(*first));
  }
  SocketAddress bound = sockets.front().address();
  while (!sockets.empty()) {
    const auto rest = std::ranges::stable_partition(
        sockets, [&](const auto& each) { return each.address() == sockets.front().address(); });
    std::vector<net::ListenSocket> others(std::make_move_iterator(rest.begin()),
                                          std::make_move_iterator(rest.end()));
    sockets.erase(rest.begin(), rest.end());
    if (const Error error = spread(std::move(sockets), index, workers)) return Failure(error);
    sockets = std::move(others);
  }
  return bound;
}

Result<HandedSocket> hand_out(const net::ListenSocket& socket, const config::Listener& listener,
                              int worker) {
  auto copy = socket.duplicate();
  if (!copy) return Failure(copy.error());
  const auto literal = literal_address(listener.address);
  const bool as_configured =
      literal && (*literal == socket.address() || (!literal->is_unix() && literal->port == 0));
  return HandedSocket{.description = {.name = listener.name,
                                      .worker = worker,
                                      .owns_file = socket.owns_file(),
                                      .by_name = !as_configured},
                      .socket = std::move(*copy)};
}

}  // namespace weir::server
