// A name server on loopback, on a thread of its own, with what unit tests need of one: A, AAAA, SRV
// and CNAME records over UDP, names that do not exist, silence and failure. Used by the tests of
// net/ and server/; tests/integration/support/name_server.py is its twin for the whole program.
#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <weir/address.h>

namespace weir::test {

class NameServer {
 public:
  static constexpr std::uint16_t kA = 1, kAlias = 5, kAaaa = 28, kService = 33;
  static constexpr int kServerFailure = 2, kNoSuchName = 3, kSilence = -1;

  struct Service {
    std::uint16_t priority, weight, port;
    std::string host;
  };

  NameServer() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof here;
    (void)::bind(fd_, reinterpret_cast<const sockaddr*>(&here), length);
    (void)::getsockname(fd_, reinterpret_cast<sockaddr*>(&here), &length);
    port_ = ntohs(here.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~NameServer() {
    stopping_ = true;
    ::shutdown(fd_, SHUT_RDWR);  // wakes who receives
    thread_.join();
    ::close(fd_);
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  SocketAddress address() const {
    return {.ip = *parse_ip("127.0.0.1"), .port = port_, .unix_path = {}};
  }

  // In the place of what the name had.
  void hosts(const std::string& name, const std::vector<std::string>& addresses,
             std::uint32_t ttl) {
    std::vector<Record> records;
    for (const std::string& address : addresses) {
      const IpAddress ip = *parse_ip(address);
      const auto* bytes = reinterpret_cast<const char*>(ip.bytes.data());
      records.push_back({ip.is_v4() ? kA : kAaaa, ttl,
                         ip.is_v4() ? std::string(bytes + 12, 4) : std::string(bytes, 16)});
    }
    put(name, std::move(records));
  }
  void service(const std::string& name, const std::vector<Service>& services, std::uint32_t ttl) {
    std::vector<Record> records;
    for (const Service& one : services) {
      records.push_back(
          {kService, ttl,
           number(one.priority) + number(one.weight) + number(one.port) + wire_name(one.host)});
    }
    put(name, std::move(records));
  }
  void alias(const std::string& name, const std::string& target, std::uint32_t ttl) {
    put(name, {{kAlias, ttl, wire_name(target)}});
    const std::lock_guard lock(mutex_);
    targets_[name] = target;
  }
  void forget(const std::string& name) {
    const std::lock_guard lock(mutex_);
    records_.erase(name);
  }
  // A response code or kSilence, for that name; 0: it is answered again.
  void fail(const std::string& name, int how) {
    const std::lock_guard lock(mutex_);
    failures_[name] = how;
  }
  int asked(const std::string& name, std::uint16_t type) {
    const std::lock_guard lock(mutex_);
    return questions_[{name, type}];
  }

  // --- pieces of messages, for tests that compose their own ---
  static std::string number(std::uint16_t value) {
    return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
  }
  static std::string wire_name(const std::string& name) {
    std::string wire;
    std::size_t at = 0;
    while (at < name.size()) {
      const std::size_t dot = std::min(name.find('.', at), name.size());
      wire += static_cast<char>(dot - at);
      wire += name.substr(at, dot - at);
      at = dot + 1;
    }
    return wire + '\0';
  }
  static std::string wire_record(const std::string& name, std::uint16_t type, std::uint32_t ttl,
                                 const std::string& content) {
    return wire_name(name) + number(type) + number(1) +
           number(static_cast<std::uint16_t>(ttl >> 16)) +
           number(static_cast<std::uint16_t>(ttl & 0xffff)) +
           number(static_cast<std::uint16_t>(content.size())) + content;
  }

 private:
  struct Record {
    std::uint16_t type;
    std::uint32_t ttl;
    std::string content;
  };

  void put(const std::string& name, std::vector<Record> records) {
    const std::lock_guard lock(mutex_);
    records_[name] = std::move(records);
    targets_.erase(name);
  }

  void serve() {
    char question[512];
    while (!stopping_) {
      sockaddr_in peer{};
      socklen_t length = sizeof peer;
      const auto got = ::recvfrom(fd_, question, sizeof question, 0,
                                  reinterpret_cast<sockaddr*>(&peer), &length);
      if (got <= 12) continue;
      const std::string answer = answer_to(std::string(question, static_cast<std::size_t>(got)));
      if (answer.empty()) continue;
      (void)::sendto(fd_, answer.data(), answer.size(), 0, reinterpret_cast<const sockaddr*>(&peer),
                     length);
    }
  }

  std::string answer_to(const std::string& question) {
    std::string name;
    std::size_t at = 12;
    while (at < question.size() && question[at] != 0) {
      if (!name.empty()) name += '.';
      const auto size = static_cast<std::size_t>(question[at]);
      name += question.substr(at + 1, size);
      at += 1 + size;
    }
    const std::size_t end = at + 5;  // the root, type, class
    if (end > question.size()) return {};
    const auto type = static_cast<std::uint16_t>(static_cast<unsigned char>(question[at + 1]) << 8 |
                                                 static_cast<unsigned char>(question[at + 2]));
    const std::lock_guard lock(mutex_);
    ++questions_[{name, type}];
    int code = failures_.contains(name) ? failures_[name] : 0;
    if (code == kSilence) return {};
    if (code == 0 && !records_.contains(name)) code = kNoSuchName;
    std::string body;
    std::uint16_t count = 0;
    while (code == 0) {
      for (const Record& record : records_[name]) {
        if (record.type != type && record.type != kAlias) continue;
        body += wire_record(name, record.type, record.ttl, record.content);
        ++count;
      }
      if (!targets_.contains(name)) break;
      name = targets_[name];
    }
    return question.substr(0, 2) + number(static_cast<std::uint16_t>(0x8180 | code)) + number(1) +
           number(count) + number(0) + number(0) + question.substr(12, end - 12) + body;
  }

  const int fd_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::map<std::string, std::vector<Record>> records_;
  std::map<std::string, std::string> targets_;  // of aliases
  std::map<std::string, int> failures_;
  std::map<std::pair<std::string, std::uint16_t>, int> questions_;
  std::thread thread_;
};

}  // namespace weir::test
