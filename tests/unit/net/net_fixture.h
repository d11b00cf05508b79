// What the tests on real sockets share: a loop with a watchdog, recorders of events, a listener on
// a free port, and raw descriptors that play the other side where its exact system calls matter.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "net/connector.h"
#include "net/descriptor.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/native_address.h"
#include "net/process.h"
#include "net/tcp_stream.h"
#include "support/stream_recorder.h"

namespace weir::net {

using namespace std::chrono_literals;
using test::StreamRecorder;

inline SocketAddress loopback(std::uint16_t port = 0) {
  return {.ip = *parse_ip("127.0.0.1"), .port = port, .unix_path = {}};
}

class AcceptRecorder final : public AcceptEvents {
 public:
  void on_accept(StreamPtr stream, const Peer& peer) override {
    streams.push_back(std::move(stream));
    peers.push_back(peer);
    if (after_accept) after_accept();
  }
  void on_accept_starved(Error error) override {
    ++starved;
    starved_error = error;
  }
  bool wants_connections() override {
    ++asked;
    return wanted;
  }
  std::string_view on_accept_shed() override {
    ++shed;
    return "sorry";
  }

  std::vector<StreamPtr> streams;
  std::vector<Peer> peers;
  int starved = 0;
  int shed = 0;
  int asked = 0;
  bool wanted = true;
  Error starved_error;
  std::function<void()> after_accept;
};

class ConnectRecorder final : public ConnectEvents {
 public:
  void on_connected(StreamPtr connected) override {
    stream = std::move(connected);
    if (after) after();
  }
  void on_connect_failed(Error failure) override {
    error = failure;
    if (after) after();
  }
  bool answered() const { return stream != nullptr || error; }

  StreamPtr stream;
  Error error;
  std::function<void()> after;
};

// The loop is the first member, so it dies last and checks that nothing was leaked.
class NetTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ignore_sigpipe(); }

  // Turns the loop until `done()`; fails the test when that takes absurdly long.
  template <class Done>
  void run_until(Done&& done) {
    bool late = false;
    TimerEntry watchdog([](void* flag) { *static_cast<bool*>(flag) = true; }, &late);
    loop_.wheel().arm_in(watchdog, 10'000);
    while (!done() && !late) loop_.run_once();
    EXPECT_FALSE(late) << "nothing happened for too long";
  }
  // A few turns that never wait, for "and nothing else happens".
  void settle() {
    for (int i = 0; i < 8; ++i) {
      loop_.post();
      loop_.run_once();
    }
  }

  Loop loop_;
};

// A NetTest with a TCP listener.
class SocketTest : public NetTest {
 protected:
  SocketTest() : acceptor_(std::in_place, loop_, listener_.fd(), accepted_) {}

  // A plain blocking client.
  Descriptor raw_client() {
    const auto address = to_native(listener_.address());
    Descriptor client(::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), address->get(), address->length), 0);
    return client;
  }
  StreamPtr accept_one() {
    run_until([this] { return !accepted_.streams.empty(); });
    StreamPtr stream = std::move(accepted_.streams.back());
    accepted_.streams.clear();
    return stream;
  }
  // Both ends on the loop: first the connecting one.
  std::pair<StreamPtr, StreamPtr> connected_pair() {
    ConnectRecorder connected;
    TcpConnector connector(loop_);
    const auto ticket = connector.connect(listener_.address(), 5s, connected);
    run_until([&] { return connected.answered(); });
    EXPECT_NE(connected.stream, nullptr);
    StreamPtr accepted = accept_one();
    return {std::move(connected.stream), std::move(accepted)};
  }

  ListenSocket listener_ = *ListenSocket::open(loopback());
  AcceptRecorder accepted_;
  std::optional<Acceptor> acceptor_;
};

inline int option(const Stream& stream, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  const int fd = static_cast<const TcpStream&>(stream).fd();
  EXPECT_EQ(::getsockopt(fd, level, name, &value, &length), 0);
  return value;
}

}  // namespace weir::net
