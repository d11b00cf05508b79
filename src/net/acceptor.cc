// Accepting over uv_poll: libuv's own listener keeps accepting until the queue is empty, answers
// the want of descriptors by accepting and dropping, and does not give the peer's address without
// another syscall.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <limits>
#include <sys/socket.h>

#include <weir/limits.h>

#include "net/descriptor.h"
#include "net/listener.h"
#include "net/loop_core.h"
#include "net/native_address.h"
#include "net/system_error.h"
#include "net/tcp_stream.h"

namespace weir::net {
namespace {

constexpr auto kStarvedMost = static_cast<TimeMs>(limits::kAcceptStarvedMost.count());

enum class AcceptFailure { none_waiting, that_connection, this_machine };

// accept(2): errors of the new connection itself are passed on by Linux and mean "try the next
// one".
AcceptFailure classify(int sys) {
  switch (sys) {
    case EAGAIN:
      return AcceptFailure::none_waiting;
    case ECONNABORTED:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case EINTR:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EPERM:
    case EPROTO:
      return AcceptFailure::that_connection;
    default:
      return AcceptFailure::this_machine;
  }
}

Peer peer_of(const NativeAddress& address) {
  const SocketAddress from = from_native(address.get());
  return {.ip = from.ip, .port = from.port, .is_unix = address.family() == AF_UNIX};
}

// What has come is read, because closing with bytes unread resets the connection and takes the
// answer along.
void refuse(int socket, std::string_view answer) {
  ::send(socket, answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(socket, SHUT_WR);
  char dropped[4096];
  for (int i = 0; i < 4 && ::recv(socket, dropped, sizeof dropped, MSG_DONTWAIT) > 0; ++i) continue;
}

}  // namespace

struct Acceptor::Block {
  Block(Loop& its_loop, int fd, AcceptEvents& its_events)
      : loop(its_loop), listen_fd(fd), events(&its_events) {
    poll.data = this;
    hold_reserve();
  }

  uv_poll_t poll{};
  Loop& loop;
  const int listen_fd;
  AcceptEvents* events;  // null: the acceptor is gone
  Descriptor reserve;
  TimeMs starved_since = 0;  // 0 = there was one for the last connection
  TimerEntry pause_over{[](void* self) { static_cast<Block*>(self)->watch(); }, this};

  void watch() {
    hold_reserve();
    uv_poll_start(&poll, UV_READABLE, on_readable);
  }
  void hold_reserve() {
    if (!reserve) reserve = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }

  // Stops looking at the socket: it stays readable and would be reported again and again.
  void rest() {
    uv_poll_stop(&poll);
    loop.wheel().arm_in(pause_over, static_cast<TimeMs>(limits::kAcceptPause.count()));
  }

  void pause(int sys) {
    rest();
    const bool starved = out_of_descriptors(sys);
    if (starved && starved_since == 0) starved_since = loop.now();
    if (starved && loop.now() - starved_since >= kStarvedMost) shed_waiting();
    events->on_accept_starved({starved ? Errc::out_of_descriptors : Errc::system, sys});
  }

  // Another thread may be faster with the descriptor that is given up here; then the reserve comes
  // back when there is one again.
  void shed_waiting() {
    for (std::uint32_t i = 0; i < limits::kAcceptsMost && reserve; ++i) {
      ::close(reserve.release());
      const int socket = ::accept4(listen_fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket >= 0) {
        refuse(socket, events->on_accept_shed());
        ::close(socket);
      }
      hold_reserve();
      if (socket < 0) return;
    }
  }

  std::uint32_t accepts_of_turn() const {
    return std::clamp(loop.core().events_before / limits::kEventsPerAccept, limits::kAcceptsLeast,
                      limits::kAcceptsMost);
  }

  void accept_waiting(std::uint32_t most) {
    for (std::uint32_t i = 0; i < most && events != nullptr; ++i) {
      NativeAddress from;
      from.length = sizeof from.storage;
      Descriptor socket(
          ::accept4(listen_fd, from.get(), &from.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket) {
        starved_since = 0;
        hand_over(std::move(socket), from);
        continue;
      }
      const int sys = errno;
      switch (classify(sys)) {
        case AcceptFailure::none_waiting:
          return;
        case AcceptFailure::that_connection:
          continue;
        case AcceptFailure::this_machine:
          pause(sys);
          return;
      }
    }
  }

  void hand_over(Descriptor socket, const NativeAddress& from) {
    const Peer peer = peer_of(from);
    const auto block = StreamBlock::open(loop, std::move(socket), peer.is_unix);
    if (block) events->on_accept(std::make_unique<TcpStream>(*block), peer);
  }

  static void on_readable(uv_poll_t* poll, int status, int) noexcept {
    auto* block = static_cast<Block*>(poll->data);
    if (block->events == nullptr) return;
    block->loop.refresh_now();
    if (status != 0) {
      block->pause(-status);
    } else if (!block->events->wants_connections()) {
      block->rest();
    } else {
      block->accept_waiting(block->accepts_of_turn());
    }
  }
  static void on_closed(uv_handle_t* handle) noexcept { delete static_cast<Block*>(handle->data); }
};

Acceptor::Acceptor(Loop& loop, int listen_fd, AcceptEvents& events)
    : block_(new Block(loop, listen_fd, events)) {
  const int status = uv_poll_init(loop.uv(), &block_->poll, listen_fd);
  if (status != 0) {
    std::fprintf(stderr, "weir: cannot watch listening socket %d: %s\n", listen_fd,
                 uv_strerror(status));
    std::abort();
  }
  block_->watch();
}

void Acceptor::accept_now() {
  block_->accept_waiting(std::numeric_limits<std::uint32_t>::max());
}

Acceptor::~Acceptor() {
  block_->events = nullptr;
  block_->pause_over.cancel();
  uv_close(reinterpret_cast<uv_handle_t*>(&block_->poll), &Block::on_closed);
}

}  // namespace weir::net
