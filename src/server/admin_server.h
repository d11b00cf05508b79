// Serves the admin API over HTTP/1.1 on the supervisor's loop: its own listener, its own limits, so
// that whatever happens here leaves the workers alone.
#pragma once

#include <memory>
#include <optional>

#include "base/buffer.h"
#include "net/listener.h"
#include "net/loop.h"
#include "server/admin_api.h"

namespace weir::server {

class AdminConnection;

class AdminServer final : net::AcceptEvents {
 public:
  AdminServer(net::Loop& loop, net::ListenSocket socket, ProcessState& state);
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Accepts from now on.
  void begin();
  const net::ListenSocket& socket() const { return socket_; }
  // Another process goes on with the socket: accepts no more, and every connection ends after its
  // next answer.
  void hand_over();

 private:
  friend class AdminConnection;

  void on_accept(net::StreamPtr stream, const net::Peer& peer) override;
  void on_accept_starved(Error error) override;

  net::Loop& loop_;
  net::ListenSocket socket_;
  AdminApi api_;
  Buffer out_;
  struct Connections;
  std::unique_ptr<Connections> connections_;
  bool handed_over_ = false;
  std::optional<net::Acceptor> acceptor_;
};

}  // namespace weir::server
