// Opens connections to endpoints with a deadline. Upstream pools use it through the interface, so
// that tests connect to memory; TcpConnector does it on a loop.
#pragma once

#include <chrono>
#include <memory>

#include <weir/address.h>
#include <weir/error.h>

#include "net/stream.h"

namespace weir::net {

class Loop;

class ConnectEvents {
 public:
  // Exactly one of the two, never before connect() has returned; not at all after the ticket was
  // destroyed.
  virtual void on_connected(StreamPtr stream) = 0;
  virtual void on_connect_failed(Error error) = 0;

 protected:
  ~ConnectEvents() = default;
};

// A connection in the making; destroying it cancels. Allowed inside the events.
class ConnectTicket {
 public:
  virtual ~ConnectTicket() = default;
};

class Connector {
 public:
  virtual ~Connector() = default;
  // Never null. Failures at once (no descriptors, no route) are reported through the events like
  // all others.
  virtual std::unique_ptr<ConnectTicket> connect(const SocketAddress& to,
                                                 std::chrono::milliseconds timeout,
                                                 ConnectEvents& events) = 0;
};

// Over TCP or unix sockets. TCP_NODELAY, keepalive and TCP_USER_TIMEOUT are set once per
// connection. Errors: connect_refused, connect_timeout, connect_failed, out_of_descriptors.
class TcpConnector final : public Connector {
 public:
  explicit TcpConnector(Loop& loop) : loop_(loop) {}
  std::unique_ptr<ConnectTicket> connect(const SocketAddress& to, std::chrono::milliseconds timeout,
                                         ConnectEvents& events) override;

 private:
  Loop& loop_;
};

}  // namespace weir::net
