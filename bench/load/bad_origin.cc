// Origins as no one wants them, to mirror to: each mode is one way of failing. Cheap, so that it
// does not take the CPU from the load generator beside it. Run by bench/load/mirror.py on loopback.
//
// usage: weir_bad_origin PORT MODE
//   hang    takes connections and requests, never answers
//   reset   takes a request, then resets the connection
//   slow    reads one byte a second of each connection, never answers
//   huge    answers every request with 100 MB
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_map>

namespace {

constexpr std::size_t kHugeBytes = 100 * 1024 * 1024;
constexpr int kSocketBytes = 128 * 1024;  // of content on its way: what is sent in vain costs CPU
constexpr std::string_view kHugeHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 104857600\r\n\r\n";

enum class Mode : std::uint8_t { hang, reset, slow, huge, none };

struct Connection {
  std::string head;      // of a request not yet complete
  std::size_t owed = 0;  // bytes of the answer under way, its head included
};

class BadOrigin {
 public:
  BadOrigin(std::uint16_t port, Mode mode);
  [[noreturn]] void run();

 private:
  void accept_all();
  void read(int fd);
  void answer(int fd);
  void read_a_byte_of_each();
  void watch(int fd, int operation, std::uint32_t events) const;
  void close(int fd);

  Mode mode_;
  int epoll_ = ::epoll_create1(0);
  int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  std::unordered_map<int, Connection> connections_;
  std::array<char, 64 * 1024> buffer_{};
  std::string content_ = std::string(64 * 1024, 'x');
};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

BadOrigin::BadOrigin(std::uint16_t port, Mode mode) : mode_(mode) {
  const int on = 1;
  const int received = mode == Mode::slow ? 1 : 0;  // the least the kernel allows
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(listener_, SOL_SOCKET, SO_SNDBUF, &kSocketBytes, sizeof kSocketBytes);
  if (received > 0) ::setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &received, sizeof received);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    die("bind");
  }
  if (::listen(listener_, 4096) != 0) die("listen");
  watch(listener_, EPOLL_CTL_ADD, EPOLLIN);
}

void BadOrigin::watch(int fd, int operation, std::uint32_t events) const {
  epoll_event event{.events = events, .data = {.fd = fd}};
  ::epoll_ctl(epoll_, operation, fd, &event);
}

void BadOrigin::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0) return;
    connections_.emplace(fd, Connection{});
    watch(fd, EPOLL_CTL_ADD, mode_ == Mode::slow ? 0U : static_cast<std::uint32_t>(EPOLLIN));
  }
}

void BadOrigin::read(int fd) {
  const ssize_t got = ::recv(fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return close(fd);
  if (mode_ == Mode::hang) return;
  Connection& connection = connections_[fd];
  connection.head.append(buffer_.data(), static_cast<std::size_t>(got));
  if (connection.head.find("\r\n\r\n") == std::string::npos) return;
  if (mode_ == Mode::reset) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return close(fd);
  }
  connection.head.clear();
  connection.owed = kHugeHead.size() + kHugeBytes;
  watch(fd, EPOLL_CTL_MOD, EPOLLOUT);
}

void BadOrigin::answer(int fd) {
  std::size_t& owed = connections_[fd].owed;
  const std::string_view piece =
      owed > kHugeBytes ? kHugeHead.substr(kHugeHead.size() - (owed - kHugeBytes))
                        : std::string_view(content_).substr(0, std::min(owed, content_.size()));
  const ssize_t sent = ::send(fd, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && errno == EAGAIN) return;
  if (sent <= 0) return close(fd);
  owed -= static_cast<std::size_t>(sent);
  if (owed == 0) watch(fd, EPOLL_CTL_MOD, EPOLLIN);
}

void BadOrigin::read_a_byte_of_each() {
  for (const auto& [fd, connection] : connections_) {
    if (::recv(fd, buffer_.data(), 1, MSG_DONTWAIT) == 0) ::shutdown(fd, SHUT_RDWR);
  }
}

// Each event names its connection once, so nothing in the same batch refers to it afterwards.
void BadOrigin::close(int fd) {
  ::close(fd);
  connections_.erase(fd);
}

void BadOrigin::run() {
  std::array<epoll_event, 1024> events{};
  std::time_t last = ::time(nullptr);
  for (;;) {
    const int size = static_cast<int>(events.size());
    const int count = ::epoll_wait(epoll_, events.data(), size, mode_ == Mode::slow ? 1000 : -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == listener_) {
        accept_all();
      } else if ((event.events & (EPOLLHUP | EPOLLERR)) != 0) {
        close(event.data.fd);
      } else if ((event.events & EPOLLOUT) != 0) {
        answer(event.data.fd);
      } else {
        read(event.data.fd);
      }
    }
    if (mode_ != Mode::slow || ::time(nullptr) == last) continue;
    last = ::time(nullptr);
    read_a_byte_of_each();
  }
}

Mode mode_named(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames = {"hang", "reset", "slow", "huge"};
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  return static_cast<Mode>(found - kNames.begin());
}

}  // namespace

int main(int argc, char** argv) {
  const int port = argc == 3 ? std::atoi(argv[1]) : 0;
  const Mode mode = argc == 3 ? mode_named(argv[2]) : Mode::none;
  if (port <= 0 || port > 65535 || mode == Mode::none) {
    std::fputs("usage: weir_bad_origin PORT hang|reset|slow|huge\n", stderr);
    return 2;
  }
  std::make_unique<BadOrigin>(static_cast<std::uint16_t>(port), mode)->run();
}
