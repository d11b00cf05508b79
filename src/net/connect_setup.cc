// A ticket around the connector's own: it is in between until the setup is done.
#include "net/connect_setup.h"

#include <utility>

namespace weir::net {
namespace {

class SetupTicket final : public ConnectTicket, ConnectEvents {
 public:
  SetupTicket(const ConnectSetup& setup, ConnectEvents& events) : setup_(setup), events_(events) {}

  void begin(Connector& connector, const SocketAddress& to, std::chrono::milliseconds timeout) {
    connecting_ = connector.connect(to, timeout, *this);
  }

 private:
  void on_connected(StreamPtr stream) override {
    if (setup_.header && !stream->write(setup_.header->view())) {
      events_.on_connect_failed({Errc::connect_failed});
    } else {
      events_.on_connected(std::move(stream));
    }
  }
  void on_connect_failed(Error error) override { events_.on_connect_failed(error); }

  const ConnectSetup setup_;
  ConnectEvents& events_;
  std::unique_ptr<ConnectTicket> connecting_;
};

}  // namespace

std::unique_ptr<ConnectTicket> connect(Connector& connector, const SocketAddress& to,
                                       std::chrono::milliseconds timeout, const ConnectSetup& setup,
                                       ConnectEvents& events) {
  auto ticket = std::make_unique<SetupTicket>(setup, events);
  ticket->begin(connector, to, timeout);
  return ticket;
}

}  // namespace weir::net
