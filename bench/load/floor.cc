// The floor under every proxy measured here: a TCP byte forwarder on one thread and bare epoll that
// looks at nothing. A proxy that also understands HTTP cannot be cheaper; the report gives the
// others as multiples of this one. Run by bench/load/bench.py. Loopback only; never used to serve
// anybody.
//
// usage: weir_floor LISTEN_PORT ORIGIN_PORT
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

// One direction's source and the other's sink. `unsent` waits here because this socket took less
// than it was given; until it is gone the peer is not read, so at most one buffer's worth waits per
// socket.
struct Side {
  int fd = -1;
  Side* peer = nullptr;
  std::vector<char> unsent;
  bool closing = false;
};

class Forwarder {
 public:
  Forwarder(std::uint16_t listen_port, std::uint16_t origin_port);
  [[noreturn]] void run();

 private:
  static constexpr std::size_t kBuffer = 64 * 1024;

  void accept_all();
  void serve(Side& side, std::uint32_t events);
  void forward(Side& from);
  void flush(Side& side);
  void watch(Side& side, int operation);
  void close_pair(Side& side);

  int epoll_ = -1;
  int listener_ = -1;
  sockaddr_in origin_{};
  std::vector<Side*> closed_;  // freed after the batch of events that may still name them
  std::array<char, kBuffer> buffer_{};
};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void send_at_once(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Forwarder::Forwarder(std::uint16_t listen_port, std::uint16_t origin_port)
    : epoll_(::epoll_create1(0)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)),
      origin_(loopback(origin_port)) {
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(listen_port);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    die("bind");
  }
  if (::listen(listener_, 4096) != 0) die("listen");
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
}

void Forwarder::watch(Side& side, int operation) {
  const std::uint32_t reading = side.peer->unsent.empty() ? EPOLLIN : 0U;
  const std::uint32_t writing = side.unsent.empty() ? 0U : EPOLLOUT;
  epoll_event event{.events = reading | writing, .data = {.ptr = &side}};
  ::epoll_ctl(epoll_, operation, side.fd, &event);
}

void Forwarder::accept_all() {
  for (;;) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (client < 0) return;
    // A connect on loopback is complete when it returns, so it may block; forwarding may not.
    const int origin = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(origin, reinterpret_cast<const sockaddr*>(&origin_), sizeof origin_) != 0) {
      ::close(origin);
      ::close(client);
      continue;
    }
    send_at_once(client);
    send_at_once(origin);
    auto* near = new Side{.fd = client, .peer = nullptr, .unsent = {}};
    auto* far = new Side{.fd = origin, .peer = near, .unsent = {}};
    near->peer = far;
    watch(*near, EPOLL_CTL_ADD);
    watch(*far, EPOLL_CTL_ADD);
  }
}

void Forwarder::forward(Side& from) {
  Side& to = *from.peer;
  const ssize_t got = ::recv(from.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return close_pair(from);
  const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
  const ssize_t sent = ::send(to.fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return close_pair(from);
  const std::string_view rest = bytes.substr(sent < 0 ? 0 : static_cast<std::size_t>(sent));
  if (rest.empty()) return;
  to.unsent.assign(rest.begin(), rest.end());
  watch(to, EPOLL_CTL_MOD);
  watch(from, EPOLL_CTL_MOD);
}

void Forwarder::flush(Side& side) {
  const ssize_t sent =
      ::send(side.fd, side.unsent.data(), side.unsent.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && errno == EAGAIN) return;
  if (sent < 0) return close_pair(side);
  side.unsent.erase(side.unsent.begin(), side.unsent.begin() + sent);
  if (!side.unsent.empty()) return;
  watch(side, EPOLL_CTL_MOD);
  watch(*side.peer, EPOLL_CTL_MOD);
}

void Forwarder::serve(Side& side, std::uint32_t events) {
  if (side.closing) return;
  if (!side.unsent.empty() && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) flush(side);
  if (side.closing || !side.peer->unsent.empty()) return;
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) forward(side);
}

void Forwarder::close_pair(Side& side) {
  for (Side* each : {&side, side.peer}) {
    each->closing = true;
    ::close(each->fd);
    closed_.push_back(each);
  }
}

void Forwarder::run() {
  std::array<epoll_event, 1024> events{};
  for (;;) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto* side = static_cast<Side*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (side == nullptr) {
        accept_all();
      } else {
        serve(*side, events[static_cast<std::size_t>(i)].events);
      }
    }
    for (const Side* side : closed_) delete side;
    closed_.clear();
  }
}

std::uint16_t port_of(const char* text) {
  const int port = std::atoi(text);
  return port > 0 && port < 65536 ? static_cast<std::uint16_t>(port) : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || port_of(argv[1]) == 0 || port_of(argv[2]) == 0) {
    std::fputs("usage: weir_floor LISTEN_PORT ORIGIN_PORT\n", stderr);
    return 2;
  }
  std::make_unique<Forwarder>(port_of(argv[1]), port_of(argv[2]))->run();
}
