// The origin behind every proxy measured here: one thread on bare epoll that answers any request
// without content with a fixed body, over kept-alive HTTP/1.1, as cheaply as can be. It closes when
// the request says "Connection: close". Run by bench/load/bench.py and idle.py on loopback; it
// trusts its input and is no web server.
//
// usage: weir_origin PORT BODY_BYTES
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::size_t kHeadBytes = 64 * 1024;  // a longer head closes the connection

struct Connection {
  int fd = -1;
  std::string head;        // of a request not yet complete
  std::size_t owed = 0;    // answers not yet begun
  std::size_t offset = 0;  // of the answer being sent
  bool close_after = false;
  bool waiting = false;  // for room in the socket
};

class Origin {
 public:
  Origin(std::uint16_t port, std::size_t body_bytes);
  [[noreturn]] void run();

 private:
  void accept_all();
  void read(Connection& connection);
  void answer(Connection& connection);
  void watch(Connection& connection, int operation, std::uint32_t events);
  void close(Connection& connection);

  int epoll_ = -1;
  int listener_ = -1;
  std::string response_;
  std::string last_response_;  // says that the connection closes
  std::array<char, 64 * 1024> buffer_{};
};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

std::string make_response(std::size_t body_bytes, std::string_view connection_field) {
  std::string response = "HTTP/1.1 200 OK\r\nServer: origin\r\nContent-Type: text/plain\r\n";
  response.append(connection_field);
  response.append("Content-Length: ").append(std::to_string(body_bytes)).append("\r\n\r\n");
  return response.append(body_bytes, 'x');
}

bool says_close(const std::string& head) {
  return ::strcasestr(head.c_str(), "\r\nconnection: close\r\n") != nullptr;
}

Origin::Origin(std::uint16_t port, std::size_t body_bytes)
    : epoll_(::epoll_create1(0)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)),
      response_(make_response(body_bytes, "")),
      last_response_(make_response(body_bytes, "Connection: close\r\n")) {
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(listener_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // inherited by accept
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    die("bind");
  }
  if (::listen(listener_, 4096) != 0) die("listen");
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
}

void Origin::watch(Connection& connection, int operation, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.ptr = &connection}};
  ::epoll_ctl(epoll_, operation, connection.fd, &event);
}

void Origin::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0) return;
    auto* connection = new Connection{};
    connection->fd = fd;
    watch(*connection, EPOLL_CTL_ADD, EPOLLIN);
  }
}

void Origin::read(Connection& connection) {
  const ssize_t got = ::recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return close(connection);
  std::string& head = connection.head;
  head.append(buffer_.data(), static_cast<std::size_t>(got));
  for (std::size_t end; (end = head.find("\r\n\r\n")) != std::string::npos;) {
    const std::string rest = head.substr(end + 4);
    head.resize(end + 4);
    ++connection.owed;
    connection.close_after = connection.close_after || says_close(head);
    head = rest;
  }
  if (head.size() > kHeadBytes) return close(connection);
  if (!connection.waiting) answer(connection);
}

void Origin::answer(Connection& connection) {
  while (connection.owed > 0) {
    const bool last = connection.close_after && connection.owed == 1;
    const std::string& response = last ? last_response_ : response_;
    const ssize_t sent = ::send(connection.fd, response.data() + connection.offset,
                                response.size() - connection.offset, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return close(connection);
    connection.offset += sent < 0 ? 0 : static_cast<std::size_t>(sent);
    if (connection.offset < response.size()) {
      connection.waiting = true;
      return watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
    connection.offset = 0;
    --connection.owed;
    if (last) return close(connection);
  }
  if (!connection.waiting) return;
  connection.waiting = false;
  watch(connection, EPOLL_CTL_MOD, EPOLLIN);
}

// Each event names its connection once, so nothing in the same batch refers to it afterwards.
void Origin::close(Connection& connection) {
  ::close(connection.fd);
  delete &connection;
}

void Origin::run() {
  std::array<epoll_event, 1024> events{};
  for (;;) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      auto* connection = static_cast<Connection*>(event.data.ptr);
      if (connection == nullptr) {
        accept_all();
      } else if (connection->waiting && (event.events & EPOLLOUT) != 0) {
        answer(*connection);
      } else {
        read(*connection);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int port = argc == 3 ? std::atoi(argv[1]) : 0;
  if (port <= 0 || port > 65535) {
    std::fputs("usage: weir_origin PORT BODY_BYTES\n", stderr);
    return 2;
  }
  const auto body_bytes = static_cast<std::size_t>(std::strtoull(argv[2], nullptr, 10));
  std::make_unique<Origin>(static_cast<std::uint16_t>(port), body_bytes)->run();
}
