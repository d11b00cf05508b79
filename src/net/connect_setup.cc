// A ticket around the connector's own: it is in between until the setup is done.
#include "net/connect_setup.h"

#include <cassert>
#include <utility>

namespace weir::net {
namespace {

constexpr std::string_view kAlpnHttp2 = "h2";

Errc code_of(CertificateFault fault) {
  switch (fault) {
    case CertificateFault::name:
      return Errc::upstream_certificate_name;
    case CertificateFault::time:
      return Errc::upstream_certificate_expired;
    case CertificateFault::authority:
      return Errc::upstream_certificate_untrusted;
    case CertificateFault::other:
      break;
  }
  return Errc::upstream_certificate;
}

Errc code_of(const TlsFailure& failure) {
  switch (failure.kind) {
    case TlsFailureKind::certificate:
      return code_of(failure.fault);
    case TlsFailureKind::refused:
      return Errc::upstream_tls_alert;
    default:
      return Errc::upstream_tls;
  }
}

class SetupTicket final : public ConnectTicket, ConnectEvents, TlsEvents {
 public:
  SetupTicket(ConnectSetup setup, const SetupTools& tools, ConnectEvents& events)
      : setup_(std::move(setup)), tools_(tools), events_(events) {}

  void begin(Connector& connector, const SocketAddress& to, std::chrono::milliseconds timeout) {
    if (setup_.tls) {
      assert(tools_.engine != nullptr && tools_.wheel != nullptr);
      tools_.wheel->arm_in(deadline_, static_cast<TimeMs>(timeout.count()));
    }
    connecting_ = connector.connect(to, timeout, *this);
  }

 private:
  void on_connected(StreamPtr stream) override {
    if (setup_.header && !stream->write(setup_.header->view())) {
      fail({Errc::connect_failed});
    } else if (setup_.tls) {
      shake(std::move(stream));
    } else {
      events_.on_connected(std::move(stream));
    }
  }
  void on_connect_failed(Error error) override { fail(error); }

  void shake(StreamPtr stream) {
    connecting_.reset();
    tls_ = std::make_unique<TlsStream>(*tools_.engine, std::move(stream),
                                       setup_.tls->make_ssl(setup_.server_name, setup_.session));
    tls_->secure(*this);
  }

  // A server that knows nothing of ALPN speaks HTTP/1.1; one that chose something else does not
  // speak what is going to be sent.
  void on_secured(const TlsFacts& facts) override {
    const std::string& wanted = setup_.tls->settings().alpn;
    const bool agreed = facts.alpn == wanted || (facts.alpn.empty() && wanted == "http/1.1");
    if (!agreed) {
      fail({wanted == kAlpnHttp2 ? Errc::upstream_no_http2 : Errc::upstream_tls});
      return;
    }
    deadline_.cancel();
    events_.on_connected(std::move(tls_));
  }
  void on_insecure(const TlsFailure& failure) override {
    const bool http2 = failure.no_protocol && setup_.tls->settings().alpn == kAlpnHttp2;
    fail({http2 ? Errc::upstream_no_http2 : code_of(failure)});
  }

  // The last thing a ticket does: its owner may destroy it in the event.
  void fail(Error error) {
    deadline_.cancel();
    events_.on_connect_failed(error);
  }
  void expire() { fail({Errc::connect_timeout}); }

  const ConnectSetup setup_;
  const SetupTools tools_;
  ConnectEvents& events_;
  std::unique_ptr<ConnectTicket> connecting_;
  std::unique_ptr<TlsStream> tls_;
  TimerEntry deadline_{[](void* self) { static_cast<SetupTicket*>(self)->expire(); }, this};
};

}  // namespace

std::unique_ptr<ConnectTicket> connect(Connector& connector, const SocketAddress& to,
                                       std::chrono::milliseconds timeout, ConnectSetup setup,
                                       const SetupTools& tools, ConnectEvents& events) {
  auto ticket = std::make_unique<SetupTicket>(std::move(setup), tools, events);
  ticket->begin(connector, to, timeout);
  return ticket;
}

}  // namespace weir::net
