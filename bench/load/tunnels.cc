// Both ends of a bench of WebSocket tunnels: an echo server, and clients that open many tunnels,
// hold them idle until told to go on, and then send messages through all of them at once. Run by
// bench/load/tunnels.py on loopback; one thread on bare epoll; it speaks as much of RFC 6455 as it
// needs and checks every byte that comes back.
//
// usage: weir_tunnels echo PORT
//        weir_tunnels load PORT TUNNELS MESSAGES BYTES       each a connection of HTTP/1.1
//        weir_tunnels streams PORT TUNNELS MESSAGES BYTES    a hundred on a connection of HTTP/2
//
// The load prints "open N" when all are open and waits for a line on its standard input; then one
// JSON object. Anything but an exact echo, and any tunnel that ends early, is an error.
#include "tunnels.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <netinet/tcp.h>
#include <strings.h>
#include <vector>

namespace weir_tunnels {
namespace {

constexpr std::size_t kAtOnce = 128;  // handshakes under way
// The key of the example in RFC 6455 section 1.3; by HTTP/2 the proxy makes one for each.
constexpr std::string_view kHandshake =
    "GET /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
constexpr std::string_view kKeyName = "Sec-WebSocket-Key: ";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

struct Peer {
  std::string in, out;
  bool open = false;  // the handshake is over
  Count count;
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

// RFC 6455 section 4.2.2.
std::string accept_of(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, 20> hash;
  EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha1(), nullptr);
  std::array<unsigned char, 29> out;
  EVP_EncodeBlock(out.data(), hash.data(), static_cast<int>(hash.size()));
  return reinterpret_cast<const char*>(out.data());
}

std::string answer_to(std::string_view head) {
  std::string_view key;
  for (std::size_t at = 0; at < head.size();) {
    const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    at += line.size() + 2;
    if (line.size() > kKeyName.size() &&
        strncasecmp(line.data(), kKeyName.data(), kKeyName.size()) == 0) {
      key = line.substr(kKeyName.size());
    }
  }
  return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Accept: " +
         accept_of(key) + "\r\n\r\n";
}

// Frames come back as they came, unmasked.
void echo_frames(Peer& peer) {
  if (!peer.open) {
    const std::size_t end = peer.in.find(kHeadEnd);
    if (end == std::string::npos) return;
    peer.out += answer_to(std::string_view(peer.in).substr(0, end));
    peer.in.erase(0, end + kHeadEnd.size());
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
  explicit Load(const Task& task) : task_(task), tally_(task) {}

  int run() {
    open_all();
    if (!tally_.wait_for_word()) return 1;
    for (const int fd : fds_) {
      if (Peer* peer = peers_.find(fd)) say(fd, *peer);
    }
    while (!tally_.over() && step()) {
    }
    return tally_.report();
  }

 private:
  void connect_one() {
    const int fd = connect_to(task_.port);
    Peer& peer = peers_.add(fd);
    peer.out = kHandshake;
    poll_.add(fd, EPOLLIN | EPOLLOUT);
    fds_.push_back(fd);
    ++begun_;
  }

  void open_all() {
    while (!tally_.all_open()) {
      while (begun_ < task_.tunnels && begun_ - tally_.settled() < kAtOnce) connect_one();
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
      tally_.opened();
    }
    switch (tally_.take(peer.in, peer.count)) {
      case Echo::wrong:
        return false;
      case Echo::next:
        say(fd, peer);
        return true;
      default:
        return true;
    }
  }

  void say(int fd, Peer& peer) {
    peer.count.sent_ns = now_ns();
    peer.out += tally_.message();
    if (!Peers::send_out(poll_, fd, peer)) fail(fd);
  }

  void fail(int fd) {
    tally_.failed();
    peers_.drop(fd);
  }

  const Task task_;
  Tally tally_;
  Poll poll_;
  Peers peers_;
  std::vector<int> fds_;
  std::size_t begun_ = 0;
};

long number(const char* text, long least, long most) {
  const long value = std::strtol(text, nullptr, 10);
  if (value >= least && value <= most) return value;
  std::fprintf(stderr, "weir_tunnels: '%s' is not from %ld to %ld\n", text, least, most);
  std::exit(2);
}

}  // namespace
}  // namespace weir_tunnels

int main(int argc, char** argv) {
  using namespace weir_tunnels;
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "echo" && argc == 3) return run_echo(static_cast<int>(number(argv[2], 1, 65535)));
  if ((mode == "load" || mode == "streams") && argc == 6) {
    const Task task{.port = static_cast<int>(number(argv[2], 1, 65535)),
                    .tunnels = static_cast<std::size_t>(number(argv[3], 1, 1'000'000)),
                    .messages = static_cast<std::size_t>(number(argv[4], 1, 1'000'000)),
                    .bytes = static_cast<std::size_t>(number(argv[5], 1, kMostBytes))};
    return mode == "load" ? Load(task).run() : run_streams(task);
  }
  std::fprintf(stderr,
               "usage: weir_tunnels echo PORT\n"
               "       weir_tunnels load|streams PORT TUNNELS MESSAGES BYTES\n");
  return 2;
}
