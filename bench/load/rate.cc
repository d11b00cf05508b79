// Sends GETs at a constant rate, whatever the server does, and measures each from the moment it was
// due: a server that stalls makes the requests after it late, and that shows, where a generator
// that waits for its answers (wrk) would send fewer and report nothing. Run by bench/load/mirror.py
// on loopback; one thread on bare epoll; it takes answers that have a Content-Length and no others.
//
// usage: weir_rate PORT RATE SECONDS CONNECTIONS [WARM_SECONDS]
//
// Prints one JSON object about the requests due in the SECONDS after WARM_SECONDS. What has no
// answer a second after the last was due is counted as unanswered, with the time it has waited so
// far.
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;  // all times are nanoseconds of CLOCK_MONOTONIC
constexpr std::int64_t kGrace = kSecond;         // for the last answers
constexpr std::string_view kRequest =
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: rate\r\nAccept: */*\r\n\r\n";

struct Connection {
  int fd = -1;
  bool busy = false;
  std::int64_t due = 0;       // of the request under way
  std::string head;           // of an answer whose head is not yet complete
  std::size_t body_left = 0;  // of an answer whose head is
  bool in_body = false;
  bool good = false;        // the answer's status
  bool last_one = false;    // the answer says "Connection: close"
  std::uint64_t epoch = 0;  // how often it was opened, so that an old place in the queue is known
};

struct Plan {
  std::uint16_t port;
  double rate;           // requests per second
  std::int64_t seconds;  // measured, after `warm`
  std::size_t connections;
  std::int64_t warm;
};

class Load {
 public:
  explicit Load(const Plan& plan);
  void run();
  void report() const;

 private:
  struct Idle {
    Connection* connection;
    std::uint64_t epoch;
  };

  std::int64_t due(std::uint64_t number) const;
  bool measured(std::int64_t due) const { return due >= measure_from_ && due < measure_until_; }
  void open(Connection& connection);
  void reopen(Connection& connection);
  void send_what_is_due(std::int64_t now);
  Connection* next_idle();
  void wait(std::int64_t now);
  void read(Connection& connection);
  bool take(Connection& connection, std::string_view data);
  bool take_head(Connection& connection, std::string_view& data);
  void finish(Connection& connection);
  void count_unanswered(std::int64_t now);

  Plan plan_;
  int epoll_ = ::epoll_create1(0);
  int timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<Idle> idle_;  // by turns, so that every connection is used
  std::size_t busy_ = 0;
  std::uint64_t total_;  // requests due in all
  std::uint64_t next_ = 0;
  std::int64_t begin_ = 0, measure_from_ = 0, measure_until_ = 0;
  std::vector<std::int64_t> latencies_;
  std::uint64_t answered_in_time_ = 0;  // good answers that arrived while measuring
  std::uint64_t errors_ = 0, unanswered_ = 0;
  std::array<char, 64 * 1024> buffer_{};
};

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "weir_rate: %s: %s\n", what, ::strerror(errno));
  std::exit(1);
}

std::int64_t now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::int64_t>(time.tv_sec) * kSecond + time.tv_nsec;
}

Load::Load(const Plan& plan)
    : plan_(plan),
      total_(
          static_cast<std::uint64_t>(plan.rate * static_cast<double>(plan.seconds + plan.warm))) {
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event);
  latencies_.reserve(total_);
  for (std::size_t i = 0; i < plan.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>());
    open(*connections_.back());
  }
}

std::int64_t Load::due(std::uint64_t number) const {
  return begin_ + static_cast<std::int64_t>(static_cast<double>(number) *
                                            (static_cast<double>(kSecond) / plan_.rate));
}

void Load::open(Connection& connection) {
  const std::uint64_t epoch = connection.epoch + 1;
  connection = Connection{};
  connection.epoch = epoch;
  connection.fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(plan_.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(connection.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    die("connect");
  }
  const int on = 1;
  ::setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
  idle_.push_back({&connection, epoch});
}

// A connection that ended: an error if it owed an answer, else as HTTP has it.
void Load::reopen(Connection& connection) {
  if (connection.busy) {
    --busy_;
    if (measured(connection.due)) ++errors_;
  }
  ::close(connection.fd);
  open(connection);
}

Connection* Load::next_idle() {
  while (!idle_.empty()) {
    const Idle first = idle_.front();
    if (first.connection->epoch == first.epoch) return first.connection;
    idle_.pop_front();
  }
  return nullptr;
}

// Requests that find no free connection stay due, and their time runs.
void Load::send_what_is_due(std::int64_t now) {
  while (next_ < total_ && due(next_) <= now) {
    Connection* connection = next_idle();
    if (connection == nullptr) return;
    idle_.pop_front();
    connection->busy = true;
    connection->due = due(next_++);
    ++busy_;
    const ssize_t sent =
        ::send(connection->fd, kRequest.data(), kRequest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(kRequest.size())) reopen(*connection);
  }
}

void Load::wait(std::int64_t now) {
  std::int64_t until = measure_until_ + kGrace;
  if (next_ < total_ && next_idle() != nullptr) until = std::min(until, due(next_));
  until = std::max(until, now + 1);  // zero would disarm the timer
  itimerspec when{};
  when.it_value = {.tv_sec = until / kSecond, .tv_nsec = until % kSecond};
  ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
  std::array<epoll_event, 256> events{};
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
  for (int i = 0; i < count; ++i) {
    auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
    if (connection != nullptr) {
      read(*connection);
      continue;
    }
    std::uint64_t expirations = 0;
    if (::read(timer_, &expirations, sizeof expirations) < 0 && errno != EAGAIN) die("timer");
  }
}

void Load::read(Connection& connection) {
  const ssize_t got = ::recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0 || !take(connection, {buffer_.data(), static_cast<std::size_t>(got)})) {
    reopen(connection);
  }
}

// False when the connection is of no further use.
bool Load::take(Connection& connection, std::string_view data) {
  if (!connection.busy) return false;
  if (!connection.in_body && !take_head(connection, data)) return true;
  if (data.size() > connection.body_left) return false;
  connection.body_left -= data.size();
  if (connection.body_left > 0) return true;
  const bool last_one = connection.last_one;
  finish(connection);
  return !last_one;
}

// Moves what belongs to the head out of `data`; false while the head is not complete.
bool Load::take_head(Connection& connection, std::string_view& data) {
  std::string& head = connection.head;
  const std::size_t before = head.size();
  head.append(data);
  const std::size_t end = head.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  data.remove_prefix(end + 4 - before);
  head.resize(end + 2);
  const char* length = ::strcasestr(head.c_str(), "\r\ncontent-length:");
  if (length == nullptr || head.size() < 12) {
    std::fprintf(stderr, "weir_rate: an answer without Content-Length:\n%s\n", head.c_str());
    std::exit(1);
  }
  connection.body_left = std::strtoull(length + 17, nullptr, 10);
  connection.good = head[9] == '2' || head[9] == '3';
  connection.last_one = ::strcasestr(head.c_str(), "\r\nconnection: close\r\n") != nullptr;
  connection.in_body = true;
  return true;
}

void Load::finish(Connection& connection) {
  const std::int64_t now = now_ns();
  if (connection.good && now >= measure_from_ && now < measure_until_) ++answered_in_time_;
  if (measured(connection.due)) {
    if (!connection.good) ++errors_;
    latencies_.push_back(now - connection.due);
  }
  --busy_;
  connection.busy = connection.in_body = false;
  connection.head.clear();
  idle_.push_back({&connection, connection.epoch});
}

void Load::count_unanswered(std::int64_t now) {
  const auto waited = [&](std::int64_t since) {
    if (!measured(since)) return;
    ++unanswered_;
    latencies_.push_back(now - since);
  };
  for (const auto& connection : connections_) {
    if (connection->busy) waited(connection->due);
  }
  for (; next_ < total_; ++next_) waited(due(next_));
}

void Load::run() {
  begin_ = now_ns();
  measure_from_ = begin_ + plan_.warm * kSecond;
  measure_until_ = measure_from_ + plan_.seconds * kSecond;
  std::int64_t now = begin_;
  while (now < measure_until_ + kGrace && (next_ < total_ || busy_ > 0)) {
    send_what_is_due(now);
    wait(now);
    now = now_ns();
  }
  count_unanswered(now);
  std::sort(latencies_.begin(), latencies_.end());
}

void Load::report() const {
  const auto microseconds = [&](double share) {
    if (latencies_.empty()) return 0.0;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(latencies_.size()));
    return static_cast<double>(latencies_[std::min(at, latencies_.size() - 1)]) / 1e3;
  };
  std::printf(
      "{\"rate\": %.0f, \"requests\": %zu, \"requests_per_second\": %.1f, \"errors\": %llu, "
      "\"unanswered\": %llu, \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f}\n",
      plan_.rate, latencies_.size(),
      static_cast<double>(answered_in_time_) / static_cast<double>(plan_.seconds),
      static_cast<unsigned long long>(errors_), static_cast<unsigned long long>(unanswered_),
      microseconds(0.5), microseconds(0.99), microseconds(1));
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int index) { return argc > index ? std::atoll(argv[index]) : 0; };
  const bool sound = (argc == 5 || argc == 6) && number(1) > 0 && number(1) < 65536 &&
                     number(2) > 0 && number(3) > 0 && number(4) > 0 && number(5) >= 0;
  if (!sound) {
    std::fputs("usage: weir_rate PORT RATE SECONDS CONNECTIONS [WARM_SECONDS]\n", stderr);
    return 2;
  }
  const auto load = std::make_unique<Load>(Plan{.port = static_cast<std::uint16_t>(number(1)),
                                                .rate = static_cast<double>(number(2)),
                                                .seconds = number(3),
                                                .connections = static_cast<std::size_t>(number(4)),
                                                .warm = number(5)});
  load->run();
  load->report();
}
