// Both ends of a bench of WebSocket tunnels: an echo server, and clients that open many tunnels,
// hold them idle until told to go on, and then send messages through all of them at once. Run by
// bench/load/tunnels.py on loopback; one thread on bare epoll; it speaks as much of RFC 6455 as it
// needs and checks every byte that comes back.
//
// usage: weir_tunnels echo PORT
//        weir_tunnels load PORT CONNECTIONS MESSAGES BYTES
//
// The load prints "open N" when all are open and waits for a line on its standard input; then one
// JSON object. Anything but an exact echo, and any connection that ends early, is an error.
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::size_t kAtOnce = 128;  // handshakes under way
constexpr std::size_t kMostBytes = 65'535;
constexpr int kPatienceMs = 20'000;  // without anything happening
// The example of RFC 6455 section 1.3: every client has the same key.
constexpr std::string_view kHandshake =
    "GET /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
constexpr std::string_view kAnswer =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "weir_tunnels: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

std::int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// What follows the first two bytes of a frame's head.
struct FrameHead {
  std::size_t head = 0;  // bytes of it, 0 = not all there
  std::size_t payload = 0;
  bool masked = false;
};

FrameHead frame_head(std::string_view bytes) {
  if (bytes.size() < 2) return {};
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  FrameHead frame{.masked = (at(1) & 0x80) != 0};
  frame.payload = at(1) & 0x7f;
  std::size_t head = 2;
  if (frame.payload == 126) {
    head = 4;
    if (bytes.size() < head) return {};
    frame.payload = std::size_t{at(2)} << 8 | at(3);
  } else if (frame.payload == 127) {
    std::fprintf(stderr, "weir_tunnels: a frame is too large\n");
    std::exit(1);
  }
  if (frame.masked) head += 4;
  if (bytes.size() < head) return {};
  frame.head = head;
  return frame;
}

void append_frame(std::string& out, char first, std::string_view payload, bool masked) {
  const char bit = masked ? static_cast<char>(0x80) : '\0';
  out += first;
  if (payload.size() < 126) {
    out += static_cast<char>(bit | static_cast<char>(payload.size()));
  } else {
    out += static_cast<char>(bit | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  }
  if (masked) out.append(4, '\0');  // a mask that changes nothing
  out += payload;
}

class Poll {
 public:
  Poll() : fd_(epoll_create1(0)) {
    if (fd_ < 0) die("epoll");
  }
  void add(int fd, std::uint32_t events) { change(EPOLL_CTL_ADD, fd, events); }
  void modify(int fd, std::uint32_t events) { change(EPOLL_CTL_MOD, fd, events); }
  template <class F>
  bool wait(int timeout_ms, F&& each) {
    std::array<epoll_event, 512> events;
    const int count = epoll_wait(fd_, events.data(), static_cast<int>(events.size()), timeout_ms);
    for (std::size_t i = 0; count > 0 && i < static_cast<std::size_t>(count); ++i) {
      each(events[i].data.fd, events[i].events);
    }
    return count > 0;
  }

 private:
  void change(int operation, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (epoll_ctl(fd_, operation, fd, &event) != 0) die("epoll_ctl");
  }
  int fd_;
};

struct Peer {
  std::string in, out;
  bool open = false;  // the handshake is over
  bool connecting = false;
  std::size_t messages = 0;  // echoed
  std::int64_t sent = 0;
};

// A table of peers by descriptor, with what both modes do to them.
class Peers {
 public:
  Peer* find(int fd) {
    const auto at = static_cast<std::size_t>(fd);
    return at < peers_.size() ? peers_[at].get() : nullptr;
  }
  Peer& add(int fd) {
    const auto at = static_cast<std::size_t>(fd);
    if (peers_.size() <= at) peers_.resize(at + 1);
    peers_[at] = std::make_unique<Peer>();
    return *peers_[at];
  }
  void drop(int fd) {
    peers_[static_cast<std::size_t>(fd)].reset();
    close(fd);
  }
  // False: the connection is gone.
  static bool send_out(Poll& poll, int fd, Peer& peer) {
    while (!peer.out.empty()) {
      const ssize_t n = send(fd, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) {
        poll.modify(fd, EPOLLIN | EPOLLOUT);
        return true;
      }
      if (n <= 0) return false;
      peer.out.erase(0, static_cast<std::size_t>(n));
    }
    return true;
  }
  // False: it has ended.
  static bool read_in(int fd, Peer& peer) {
    static std::array<char, 65536> buffer;
    const ssize_t n = recv(fd, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) return false;
    peer.in.append(buffer.data(), static_cast<std::size_t>(n));
    return true;
  }

 private:
  std::vector<std::unique_ptr<Peer>> peers_;
};

// --- echo ---

// Frames come back as they came, unmasked.
void echo_frames(Peer& peer) {
  if (!peer.open) {
    const std::size_t end = peer.in.find(kHeadEnd);
    if (end == std::string::npos) return;
    peer.in.erase(0, end + kHeadEnd.size());
    peer.out += kAnswer;
    peer.open = true;
  }
  std::size_t used = 0;
  for (;;) {
    const std::string_view rest = std::string_view(peer.in).substr(used);
    const FrameHead frame = frame_head(rest);
    if (frame.head == 0 || rest.size() < frame.head + frame.payload) break;
    append_frame(peer.out, rest[0], rest.substr(frame.head, frame.payload), false);
    used += frame.head + frame.payload;
  }
  peer.in.erase(0, used);
  if (peer.in.empty()) peer.in.shrink_to_fit();
}

int run_echo(int port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("bind");
  if (listen(listener, 4096) != 0) die("listen");
  Poll poll;
  Peers peers;
  poll.add(listener, EPOLLIN);
  for (;;) {
    poll.wait(-1, [&](int fd, std::uint32_t) {
      if (fd == listener) {
        for (int got; (got = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
          setsockopt(got, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
          peers.add(got);
          poll.add(got, EPOLLIN);
        }
        return;
      }
      Peer* peer = peers.find(fd);
      if (peer == nullptr) return;
      const bool alive = Peers::read_in(fd, *peer);
      if (alive) echo_frames(*peer);
      if (!alive || !Peers::send_out(poll, fd, *peer)) peers.drop(fd);
    });
  }
}

// --- load ---

class Load {
 public:
  Load(int port, std::size_t connections, std::size_t messages, std::size_t bytes)
      : port_(port), connections_(connections), messages_(messages), text_(bytes, 'x') {
    append_frame(frame_, static_cast<char>(0x81), text_, true);
    append_frame(echo_, static_cast<char>(0x81), text_, false);
  }

  int run() {
    open_all();
    std::printf("open %zu\n", open_);
    std::fflush(stdout);
    char line[8];
    if (std::fgets(line, sizeof line, stdin) == nullptr) return 1;
    const std::int64_t begin = now_ns();
    for (const int fd : fds_) {
      if (Peer* peer = peers_.find(fd)) say(fd, *peer);
    }
    while (done_ + failed_ < connections_ && step()) {
    }
    report(static_cast<double>(now_ns() - begin) / 1e9);
    return errors() == 0 ? 0 : 1;
  }

 private:
  std::size_t errors() const { return connections_ - done_; }

  void connect_one() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0) die("socket");
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const sockaddr_in address = loopback(port_);
    const int result = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (result != 0 && errno != EINPROGRESS) die("connect");
    Peer& peer = peers_.add(fd);
    peer.connecting = true;
    peer.out = kHandshake;
    poll_.add(fd, EPOLLIN | EPOLLOUT);
    fds_.push_back(fd);
    ++begun_;
  }

  void open_all() {
    while (open_ + failed_ < connections_) {
      while (begun_ < connections_ && begun_ - open_ - failed_ < kAtOnce) connect_one();
      if (!step()) return;
    }
  }

  // False: nothing has happened for too long.
  bool step() {
    return poll_.wait(kPatienceMs, [this](int fd, std::uint32_t events) {
      Peer* peer = peers_.find(fd);
      if (peer == nullptr) return;
      if ((events & EPOLLOUT) != 0) {
        poll_.modify(fd, EPOLLIN);
        if (!Peers::send_out(poll_, fd, *peer)) return fail(fd);
      }
      if ((events & ~std::uint32_t{EPOLLOUT}) == 0) return;
      if (!Peers::read_in(fd, *peer) || !take(fd, *peer)) fail(fd);
    });
  }

  // False: it is not what should have come.
  bool take(int fd, Peer& peer) {
    if (!peer.open) {
      const std::size_t end = peer.in.find(kHeadEnd);
      if (end == std::string::npos) return true;
      if (!peer.in.starts_with("HTTP/1.1 101 ")) return false;
      peer.in.erase(0, end + kHeadEnd.size());
      peer.open = true;
      ++open_;
    }
    if (peer.in.size() > echo_.size()) return false;
    if (peer.in.size() < echo_.size()) return std::string_view(echo_).starts_with(peer.in);
    if (peer.in != echo_) return false;
    peer.in.clear();
    waits_ns_.push_back(now_ns() - peer.sent);
    if (++peer.messages < messages_) {
      say(fd, peer);
    } else {
      ++done_;
    }
    return true;
  }

  void say(int fd, Peer& peer) {
    peer.sent = now_ns();
    peer.out += frame_;
    if (!Peers::send_out(poll_, fd, peer)) fail(fd);
  }

  void fail(int fd) {
    ++failed_;
    peers_.drop(fd);
  }

  void report(double seconds) {
    std::sort(waits_ns_.begin(), waits_ns_.end());
    const auto ms = [this](double share) {
      if (waits_ns_.empty()) return 0.0;
      const auto last = static_cast<double>(waits_ns_.size() - 1);
      return static_cast<double>(waits_ns_[static_cast<std::size_t>(last * share)]) / 1e6;
    };
    std::printf(
        "{\"connections\": %zu, \"open\": %zu, \"messages\": %zu, \"bytes\": %zu, \"errors\": %zu, "
        "\"seconds\": %.3f, \"per_second\": %.0f, \"p50_ms\": %.2f, \"p99_ms\": %.2f}\n",
        connections_, open_, waits_ns_.size(), text_.size(), errors(), seconds,
        static_cast<double>(waits_ns_.size()) / seconds, ms(0.5), ms(0.99));
  }

  const int port_;
  const std::size_t connections_;
  const std::size_t messages_;
  const std::string text_;
  std::string frame_, echo_;
  Poll poll_;
  Peers peers_;
  std::vector<int> fds_;
  std::size_t begun_ = 0;
  std::size_t open_ = 0;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  std::vector<std::int64_t> waits_ns_;
};

long number(const char* text, long least, long most) {
  const long value = std::strtol(text, nullptr, 10);
  if (value >= least && value <= most) return value;
  std::fprintf(stderr, "weir_tunnels: '%s' is not from %ld to %ld\n", text, least, most);
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "echo" && argc == 3) return run_echo(static_cast<int>(number(argv[2], 1, 65535)));
  if (mode == "load" && argc == 6) {
    Load load(static_cast<int>(number(argv[2], 1, 65535)),
              static_cast<std::size_t>(number(argv[3], 1, 1'000'000)),
              static_cast<std::size_t>(number(argv[4], 1, 1'000'000)),
              static_cast<std::size_t>(number(argv[5], 1, kMostBytes)));
    return load.run();
  }
  std::fprintf(stderr,
               "usage: weir_tunnels echo PORT\n"
               "       weir_tunnels load PORT CONNECTIONS MESSAGES BYTES\n");
  return 2;
}
