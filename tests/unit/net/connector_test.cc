// Connecting: the outcomes, the deadline, and cancelling at every moment.
#include "net/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "net/system_error.h"
#include "net_fixture.h"

namespace weir::net {
namespace {

class ConnectorTest : public SocketTest {
 protected:
  // A port on which nobody listens any more.
  static SocketAddress closed_port() { return ListenSocket::open(loopback())->address(); }

  TcpConnector connector_{loop_};
  ConnectRecorder connected_;
};

// A listener whose queue is full: the kernel drops further SYNs.
class FullListener {
 public:
  FullListener() {
    const auto native = to_native(socket_.address());
    for (int i = 0; i < 8; ++i) {
      clients_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      (void)::connect(clients_.back().get(), native->get(), native->length);
    }
  }
  const SocketAddress& address() const { return socket_.address(); }

 private:
  ListenSocket socket_ = *ListenSocket::open(loopback(), 0);
  std::vector<Descriptor> clients_;
};

TEST_F(ConnectorTest, ConnectsAndSetsOptionsOnce) {
  const auto ticket = connector_.connect(listener_.address(), 5s, connected_);
  EXPECT_FALSE(connected_.answered()) << "inside connect()";
  run_until([&] { return connected_.answered(); });
  ASSERT_NE(connected_.stream, nullptr);
  EXPECT_EQ(option(*connected_.stream, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(*connected_.stream, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(*connected_.stream, IPPROTO_TCP, TCP_KEEPIDLE), 60);
  EXPECT_EQ(option(*connected_.stream, IPPROTO_TCP, TCP_KEEPINTVL), 10);
  EXPECT_EQ(option(*connected_.stream, IPPROTO_TCP, TCP_KEEPCNT), 3);
  EXPECT_EQ(option(*connected_.stream, IPPROTO_TCP, TCP_USER_TIMEOUT), 20'000);
  EXPECT_FALSE(connected_.error);
}

TEST_F(ConnectorTest, ConnectsOverIpv6) {
  const auto listener = ListenSocket::open({.ip = *parse_ip("::1"), .port = 0, .unix_path = {}});
  if (!listener) GTEST_SKIP() << "no IPv6 here";
  const auto ticket = connector_.connect(listener->address(), 5s, connected_);
  run_until([&] { return connected_.answered(); });
  EXPECT_NE(connected_.stream, nullptr);
}

TEST_F(ConnectorTest, RefusedIsRefused) {
  const auto ticket = connector_.connect(closed_port(), 5s, connected_);
  EXPECT_FALSE(connected_.answered()) << "inside connect()";
  run_until([&] { return connected_.answered(); });
  EXPECT_EQ(connected_.error, (Error{Errc::connect_refused, ECONNREFUSED}));
}

TEST_F(ConnectorTest, AMissingSocketFileIsAFailure) {
  SocketAddress nowhere;
  nowhere.unix_path = "/tmp/weir-no-such-folder/weir.sock";
  const auto ticket = connector_.connect(nowhere, 5s, connected_);
  EXPECT_FALSE(connected_.answered()) << "inside connect()";
  run_until([&] { return connected_.answered(); });
  EXPECT_EQ(connected_.error, (Error{Errc::connect_failed, ENOENT}));
  nowhere.unix_path = std::string(200, '/');
  const auto second = connector_.connect(nowhere, 5s, connected_);
  connected_.error = {};
  run_until([&] { return connected_.answered(); });
  EXPECT_EQ(connected_.error, (Error{Errc::connect_failed, ENAMETOOLONG}));
}

TEST_F(ConnectorTest, TheDeadlineEndsAConnectThatNobodyAnswers) {
  const FullListener full;
  const auto begin = std::chrono::steady_clock::now();
  const auto ticket = connector_.connect(full.address(), 40ms, connected_);
  run_until([&] { return connected_.answered(); });
  EXPECT_EQ(connected_.error, (Error{Errc::connect_timeout, ETIMEDOUT}));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 38ms);
  settle();
}

TEST_F(ConnectorTest, ADestroyedTicketIsSilent) {
  const FullListener full;
  connector_.connect(full.address(), 20ms, connected_);       // under way
  connector_.connect(listener_.address(), 20ms, connected_);  // about to succeed
  connector_.connect(closed_port(), 20ms, connected_);        // about to fail
  SocketAddress nowhere;
  nowhere.unix_path = "/tmp/weir-no-such-folder/weir.sock";
  connector_.connect(nowhere, 20ms, connected_);  // failed already
  bool later = false;
  TimerEntry entry([](void* flag) { *static_cast<bool*>(flag) = true; }, &later);
  loop_.wheel().arm_in(entry, 45);
  run_until([&] { return later; });
  EXPECT_FALSE(connected_.answered());
}

TEST_F(ConnectorTest, TheTicketMayBeDestroyedInTheEvents) {
  std::unique_ptr<ConnectTicket> ticket;
  connected_.after = [&] { ticket.reset(); };
  const FullListener full;
  for (const SocketAddress& to : {listener_.address(), closed_port(), full.address()}) {
    ticket = connector_.connect(to, 30ms, connected_);
    run_until([&] { return ticket == nullptr; });
  }
  settle();
}

TEST_F(ConnectorTest, AnswersNothingMoreAfterTheTicketOutlivedItsAnswer) {
  int answers = 0;
  connected_.after = [&] { ++answers; };
  const auto ticket = connector_.connect(listener_.address(), 20ms, connected_);
  bool later = false;
  TimerEntry entry([](void* flag) { *static_cast<bool*>(flag) = true; }, &later);
  loop_.wheel().arm_in(entry, 45);
  run_until([&] { return later; });
  EXPECT_EQ(answers, 1);
}

TEST(ConnectErrors, AreToldApart) {
  EXPECT_EQ(connect_error(ECONNREFUSED).code, Errc::connect_refused);
  EXPECT_EQ(connect_error(ETIMEDOUT).code, Errc::connect_timeout);
  EXPECT_EQ(connect_error(EMFILE).code, Errc::out_of_descriptors);
  EXPECT_EQ(connect_error(ENFILE).code, Errc::out_of_descriptors);
  EXPECT_EQ(connect_error(ENETUNREACH), (Error{Errc::connect_failed, ENETUNREACH}));
}

TEST(ListenErrors, AreToldApart) {
  EXPECT_EQ(listen_error(EADDRINUSE).code, Errc::address_in_use);
  EXPECT_EQ(listen_error(EACCES).code, Errc::permission_denied);
  EXPECT_EQ(listen_error(EPERM).code, Errc::permission_denied);
  EXPECT_EQ(listen_error(EMFILE).code, Errc::out_of_descriptors);
  EXPECT_EQ(listen_error(EADDRNOTAVAIL), (Error{Errc::system, EADDRNOTAVAIL}));
}

}  // namespace
}  // namespace weir::net
