// Accepting: whose connection it is, fairness, and life without free descriptors.
#include <algorithm>
#include <filesystem>
#include <sys/resource.h>

#include <weir/limits.h>

#include "net_fixture.h"

namespace weir::net {
namespace {

// Leaves no free descriptor for the lifetime of the object. (UBSan opens a pipe when it meets a
// class for the first time: tests let a connection through before.)
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

class AcceptorTest : public SocketTest {
 protected:
  std::vector<Descriptor> raw_clients(std::uint32_t count) {
    std::vector<Descriptor> clients;
    for (std::uint32_t i = 0; i < count; ++i) clients.push_back(raw_client());
    return clients;
  }
};

TEST_F(AcceptorTest, TellsWhereAConnectionCameFrom) {
  const Descriptor client = raw_client();
  accept_one();
  ASSERT_EQ(accepted_.peers.size(), 1u);
  const auto local = bound_address(client.get());
  EXPECT_EQ(accepted_.peers[0].ip, local->ip);
  EXPECT_EQ(accepted_.peers[0].port, local->port);
  EXPECT_FALSE(accepted_.peers[0].is_unix);
}

TEST_F(AcceptorTest, AcceptsFewEachTurnThatOthersAreServedBetween) {
  const std::vector<Descriptor> clients = raw_clients(limits::kAcceptsLeast + 10);
  loop_.run_once();
  EXPECT_EQ(accepted_.streams.size(), limits::kAcceptsLeast);
  run_until([&] { return accepted_.streams.size() == clients.size(); });
}

TEST_F(AcceptorTest, AcceptsMoreWhereMoreIsGoingOn) {
  const std::vector<Descriptor> clients = raw_clients(2 * limits::kAcceptsMost);
  const auto accepted_after = [&](std::uint32_t events) {
    accepted_.streams.clear();
    for (std::uint32_t i = 0; i < events; ++i) loop_.refresh_now();  // as each event does
    loop_.run_once();
    return accepted_.streams.size();
  };
  EXPECT_EQ(accepted_after(10 * limits::kEventsPerAccept), 10U);
  EXPECT_EQ(accepted_after(1000 * limits::kEventsPerAccept), limits::kAcceptsMost);
  EXPECT_EQ(accepted_after(0), limits::kAcceptsLeast);
}

TEST_F(AcceptorTest, NobodyIsLeftInTheQueueOfASocketThatCloses) {
  const std::vector<Descriptor> clients = raw_clients(2 * limits::kAcceptsMost);
  acceptor_->accept_now();
  EXPECT_EQ(accepted_.streams.size(), clients.size());
}

TEST_F(AcceptorTest, MayBeDestroyedInOnAccept) {
  const Descriptor first = raw_client();
  const Descriptor second = raw_client();
  accepted_.after_accept = [this] { acceptor_.reset(); };
  run_until([&] { return !acceptor_; });
  settle();
  EXPECT_EQ(accepted_.streams.size(), 1u);
  accepted_.after_accept = nullptr;
  // The socket stays open: a later acceptor gets who waited.
  acceptor_.emplace(loop_, listener_.fd(), accepted_);
  run_until([&] { return accepted_.streams.size() == 2; });
}

TEST_F(AcceptorTest, StarvationIsToldOnceAndEndsByItself) {
  const Descriptor before = raw_client();
  accept_one();
  const int& starved = accepted_.starved;
  const Descriptor waiting = raw_client();
  {
    const NoDescriptors none;
    run_until([&] { return starved > 0; });
    EXPECT_EQ(accepted_.starved_error, (Error{Errc::out_of_descriptors, EMFILE}));
    settle();
    EXPECT_EQ(accepted_.starved, 1) << "asked again before the pause was over";
  }
  const TimeMs begin = loop_.now();
  run_until([&] { return !accepted_.streams.empty(); });
  EXPECT_GE(loop_.now() - begin + 20, static_cast<TimeMs>(limits::kAcceptPause.count()));
  EXPECT_EQ(accepted_.starved, 1);
}

TEST_F(AcceptorTest, WhoIsNotWantedWaits) {
  accepted_.wanted = false;
  const Descriptor client = raw_client();
  run_until([&] { return accepted_.asked > 2; });
  EXPECT_TRUE(accepted_.streams.empty());
  accepted_.wanted = true;
  run_until([&] { return !accepted_.streams.empty(); });
}

// All descriptors there may be are taken, by duplicates of one.
class AllDescriptors {
 public:
  AllDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    Descriptor next(::dup(0));
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(next.get()) + 16;
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (; next; next = Descriptor(::dup(0))) taken_.push_back(std::move(next));
  }
  ~AllDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  void give_one_back() { taken_.pop_back(); }

 private:
  rlimit before_{};
  std::vector<Descriptor> taken_;
};

TEST_F(AcceptorTest, WhoWaitsTooLongWithoutADescriptorIsToldAndClosed) {
  const Descriptor before = raw_client();
  accept_one();
  const Descriptor first = raw_client(), second = raw_client();
  const std::string request = "GET / HTTP/1.1\r\n\r\n";
  EXPECT_EQ(::send(first.get(), request.data(), request.size(), 0),
            static_cast<ssize_t>(request.size()));
  AllDescriptors all;
  const TimeMs begin = loop_.now();
  run_until([&] { return accepted_.shed == 2; });
  EXPECT_GE(loop_.now() - begin + 20, static_cast<TimeMs>(limits::kAcceptStarvedMost.count()));
  EXPECT_TRUE(accepted_.streams.empty());
  for (const Descriptor* client : {&first, &second}) {
    char answer[16];
    EXPECT_EQ(::recv(client->get(), answer, sizeof answer, 0), 5);
    EXPECT_EQ(std::string_view(answer, 5), "sorry");
    EXPECT_EQ(::recv(client->get(), answer, sizeof answer, 0), 0) << "closed in good order";
  }
}

TEST_F(AcceptorTest, WhoWaitedGetsTheFirstDescriptorThereIs) {
  const Descriptor before = raw_client();
  accept_one();
  const Descriptor waiting = raw_client();
  AllDescriptors all;
  run_until([&] { return accepted_.starved > 1; });
  all.give_one_back();
  run_until([&] { return !accepted_.streams.empty(); });
  EXPECT_EQ(accepted_.shed, 0);
}

TEST_F(AcceptorTest, MayBeDestroyedWhilePaused) {
  const Descriptor before = raw_client();
  accept_one();
  const int& starved = accepted_.starved;
  const Descriptor waiting = raw_client();
  {
    const NoDescriptors none;
    run_until([&] { return starved > 0; });
  }
  acceptor_.reset();
  settle();
}

TEST_F(NetTest, AcceptsUnixConnections) {
  char name[] = "/tmp/weir-net-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  SocketAddress address;
  address.unix_path = folder / "weir.sock";
  {
    const auto listener = ListenSocket::open(address);
    ASSERT_TRUE(listener);
    AcceptRecorder accepted;
    Acceptor acceptor(loop_, listener->fd(), accepted);
    ConnectRecorder connected;
    TcpConnector connector(loop_);
    const auto ticket = connector.connect(address, 1s, connected);
    EXPECT_FALSE(connected.answered()) << "inside connect()";
    run_until([&] { return connected.answered() && !accepted.streams.empty(); });
    ASSERT_NE(connected.stream, nullptr);
    EXPECT_TRUE(accepted.peers[0].is_unix);
    EXPECT_EQ(accepted.peers[0].ip, *parse_ip("::1"));
    StreamRecorder client, server;
    connected.stream->start(client);
    accepted.streams[0]->start(server);
    EXPECT_TRUE(connected.stream->write("over a file"));
    run_until([&] { return server.received == "over a file"; });
    connected.stream.reset();
    run_until([&] { return server.ends == 1; });
  }
  std::filesystem::remove_all(folder);
}

TEST_F(AcceptorTest, ConnectingWithoutDescriptorsFailsLikeEverythingElse) {
  TcpConnector connector(loop_);
  ConnectRecorder connected;
  std::unique_ptr<ConnectTicket> ticket = connector.connect(listener_.address(), 1s, connected);
  run_until([&] { return connected.answered(); });
  connected.stream.reset();
  ticket.reset();
  {
    const NoDescriptors none;
    ticket = connector.connect(loopback(1), 1s, connected);
    ASSERT_NE(ticket, nullptr);
    EXPECT_FALSE(connected.answered()) << "inside connect()";
    run_until([&] { return connected.answered(); });
  }
  EXPECT_EQ(connected.error, (Error{Errc::out_of_descriptors, EMFILE}));
}

}  // namespace
}  // namespace weir::net
