// One connect per ticket. libuv's request lives in a block of its own, because libuv answers it
// even after the ticket is gone; the ticket keeps the deadline and what is to be told later when
// the outcome was known at once.
#include "net/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include "net/loop_core.h"
#include "net/native_address.h"
#include "net/system_error.h"
#include "net/tcp_stream.h"

namespace weir::net {
namespace {

// A dead peer on a connection with nothing in flight is noticed after 60 + 3 * 10 s, one that stops
// acknowledging after 20 s.
constexpr int kKeepaliveIdleSeconds = 60;
constexpr int kKeepaliveIntervalSeconds = 10;
constexpr int kKeepaliveProbes = 3;
constexpr int kUserTimeoutMs = 20'000;

void set_option(int fd, int level, int option, int value) {
  // Options are wishes here: a connection without one is still a connection.
  (void)::setsockopt(fd, level, option, &value, sizeof value);
}

void set_tcp_options(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepaliveIdleSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepaliveIntervalSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepaliveProbes);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
}

class TcpTicket final : public ConnectTicket {
 public:
  TcpTicket(Loop& loop, ConnectEvents& events) : loop_(loop), events_(events) {}
  ~TcpTicket() override { abandon(); }

  void begin(const SocketAddress& to, std::chrono::milliseconds timeout) {
    error_ = attempt(to);
    if (error_ || request_ == nullptr) {
      loop_.defer(outcome_known_);
    } else {
      loop_.wheel().arm_in(deadline_, static_cast<TimeMs>(timeout.count()));
    }
  }

 private:
  struct Request {
    uv_connect_t uv;
    TcpTicket* ticket;  // null: cancelled
  };

  // Starts connecting. Afterwards either an error is returned, or request_ is under way, or (unix)
  // block_ is connected.
  Error attempt(const SocketAddress& to) {
    auto native = to_native(to);
    if (!native) return connect_error(native.error().sys);
    Descriptor socket(::socket(native->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return connect_error(errno);
    if (to.is_unix()) {
      // A unix socket connects or fails at once, it never waits.
      if (::connect(socket.get(), native->get(), native->length) != 0) return connect_error(errno);
    } else {
      set_tcp_options(socket.get());
    }
    const auto block = StreamBlock::open(loop_, std::move(socket), to.is_unix());
    if (!block) return connect_error(block.error().sys);
    block_ = *block;
    return to.is_unix() ? Error{} : connect_tcp(*native);
  }

  Error connect_tcp(const NativeAddress& to) {
    auto request = std::make_unique<Request>();
    request->ticket = this;
    request->uv.data = request.get();
    const int status = uv_tcp_connect(&request->uv, &block_->handle.tcp, to.get(), on_connect);
    if (status != 0) return connect_error(-status);
    request_ = request.release();
    return {};
  }

  static void on_connect(uv_connect_t* uv, int status) noexcept {
    const std::unique_ptr<Request> request(static_cast<Request*>(uv->data));
    if (request->ticket == nullptr) return;
    TcpTicket& ticket = *request->ticket;
    ticket.request_ = nullptr;
    ticket.loop_.refresh_now();
    if (status != 0) ticket.error_ = connect_error(-status);
    ticket.report();
  }

  // The last thing a ticket does: its owner may destroy it in the event.
  void report() {
    deadline_.cancel();
    if (error_) {
      abandon();
      events_.on_connect_failed(error_);
    } else {
      events_.on_connected(std::make_unique<TcpStream>(std::exchange(block_, nullptr)));
    }
  }

  void expire() {
    error_ = {Errc::connect_timeout, ETIMEDOUT};
    report();
  }

  void abandon() {
    if (request_ != nullptr) std::exchange(request_, nullptr)->ticket = nullptr;
    if (block_ != nullptr) std::exchange(block_, nullptr)->close(false);
  }

  Loop& loop_;
  ConnectEvents& events_;
  Error error_;
  StreamBlock* block_ = nullptr;
  Request* request_ = nullptr;
  TimerEntry deadline_{[](void* self) { static_cast<TcpTicket*>(self)->expire(); }, this};
  Deferred outcome_known_{[](void* self) { static_cast<TcpTicket*>(self)->report(); }, this};
};

}  // namespace

std::unique_ptr<ConnectTicket> TcpConnector::connect(const SocketAddress& to,
                                                     std::chrono::milliseconds timeout,
                                                     ConnectEvents& events) {
  auto ticket = std::make_unique<TcpTicket>(loop_, events);
  ticket->begin(to, timeout);
  return ticket;
}

}  // namespace weir::net
