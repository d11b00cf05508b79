// What both loads of the tunnels' bench share: sockets, the frames of RFC 6455, the task and the
// count of what came of it. Included by tunnels.cc and tunnels_h2.cc alone.
#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace weir_tunnels {

inline constexpr std::size_t kMostBytes = 65'535;
inline constexpr int kPatienceMs = 20'000;  // without anything happening

[[noreturn]] inline void die(const char* what) {
  std::fprintf(stderr, "weir_tunnels: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

inline std::int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

inline sockaddr_in loopback(int port) {
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

inline FrameHead frame_head(std::string_view bytes) {
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

inline void append_frame(std::string& out, char first, std::string_view payload, bool masked) {
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

// A connection under way, non-blocking.
inline int connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) die("socket");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  const int result = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (result != 0 && errno != EINPROGRESS) die("connect");
  return fd;
}

struct Task {
  int port = 0;
  std::size_t tunnels = 0, messages = 0, bytes = 0;  // messages: through each; bytes: of each
};

// Of one tunnel.
struct Count {
  std::size_t messages = 0;  // echoed
  std::int64_t sent_ns = 0;  // when the last one went out
};

enum class Echo : std::uint8_t { part, wrong, next, done };

// What came of all tunnels, and the message that each sends.
class Tally {
 public:
  explicit Tally(const Task& task) : task_(task) {
    const std::string text(task.bytes, 'x');
    append_frame(message_, static_cast<char>(0x81), text, true);
    append_frame(echo_, static_cast<char>(0x81), text, false);
  }

  const std::string& message() const { return message_; }
  void opened() { ++open_; }
  void failed() { ++failed_; }
  std::size_t settled() const { return open_ + failed_; }
  bool all_open() const { return settled() >= task_.tunnels; }
  bool over() const { return done_ + failed_ >= task_.tunnels; }

  // False: whoever started this is gone.
  bool wait_for_word() {
    std::printf("open %zu\n", open_);
    std::fflush(stdout);
    char line[8];
    if (std::fgets(line, sizeof line, stdin) == nullptr) return false;
    begun_ns_ = now_ns();
    return true;
  }

  // Takes the echo out of what came in.
  Echo take(std::string& in, Count& count) {
    if (in.size() > echo_.size()) return Echo::wrong;
    if (in.size() < echo_.size()) return echo_.starts_with(in) ? Echo::part : Echo::wrong;
    if (in != echo_) return Echo::wrong;
    in.clear();
    waits_ns_.push_back(now_ns() - count.sent_ns);
    if (++count.messages < task_.messages) return Echo::next;
    ++done_;
    return Echo::done;
  }

  // The exit status.
  int report() {
    const double seconds = static_cast<double>(now_ns() - begun_ns_) / 1e9;
    std::sort(waits_ns_.begin(), waits_ns_.end());
    const auto ms = [this](double share) {
      if (waits_ns_.empty()) return 0.0;
      const auto last = static_cast<double>(waits_ns_.size() - 1);
      return static_cast<double>(waits_ns_[static_cast<std::size_t>(last * share)]) / 1e6;
    };
    const std::size_t errors = task_.tunnels - done_;
    std::printf(
        "{\"tunnels\": %zu, \"open\": %zu, \"messages\": %zu, \"bytes\": %zu, \"errors\": %zu, "
        "\"seconds\": %.3f, \"per_second\": %.0f, \"p50_ms\": %.2f, \"p99_ms\": %.2f}\n",
        task_.tunnels, open_, waits_ns_.size(), task_.bytes, errors, seconds,
        static_cast<double>(waits_ns_.size()) / seconds, ms(0.5), ms(0.99));
    return errors == 0 ? 0 : 1;
  }

 private:
  const Task task_;
  std::string message_, echo_;
  std::size_t open_ = 0, done_ = 0, failed_ = 0;
  std::int64_t begun_ns_ = 0;
  std::vector<std::int64_t> waits_ns_;
};

// tunnels_h2.cc: all of it in streams of HTTP/2 (RFC 8441). Returns the exit status.
int run_streams(const Task& task);

}  // namespace weir_tunnels
