// Binding: who may share an address with whom, and what happens to socket files.
#include "net/listener.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

#include "net_fixture.h"

namespace weir::net {
namespace {

int number(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  EXPECT_EQ(::getsockopt(fd, level, name, &value, &length), 0);
  return value;
}

bool can_connect(const SocketAddress& address) {
  const auto native = to_native(address);
  const Descriptor client(::socket(native->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(client.get(), native->get(), native->length) == 0;
}

TEST(ListenSocket, PicksAFreePortAndSetsItsOptions) {
  const auto socket = ListenSocket::open(loopback());
  ASSERT_TRUE(socket);
  EXPECT_NE(socket->address().port, 0);
  EXPECT_EQ(socket->address().ip, loopback().ip);
  EXPECT_EQ(number(socket->fd(), IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(number(socket->fd(), SOL_SOCKET, SO_REUSEPORT), 1);
  EXPECT_NE(::fcntl(socket->fd(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(socket->fd(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_TRUE(can_connect(socket->address()));
}

TEST(ListenSocket, APortInUseIsAnErrorAlthoughPortsCanBeShared) {
  const auto first = ListenSocket::open(loopback());
  ASSERT_TRUE(first);
  const auto second = ListenSocket::open(first->address());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), (Error{Errc::address_in_use, EADDRINUSE}));
}

TEST(ListenSocket, TheSameAddressCanBeOpenedAgainAfterwards) {
  SocketAddress address;
  {
    const auto first = ListenSocket::open(loopback());
    address = first->address();
    EXPECT_TRUE(can_connect(address));
  }
  EXPECT_TRUE(ListenSocket::open(address));
}

TEST(ListenSocket, AnotherSharesThePortWithItsOwnQueue) {
  const auto first = ListenSocket::open(loopback());
  const auto second = first->another();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->address(), first->address());
  EXPECT_NE(second->fd(), first->fd());
  EXPECT_EQ(number(second->fd(), SOL_SOCKET, SO_ACCEPTCONN), 1);
}

TEST(ListenSocket, Ipv6DoesNotTakeTheIpv4Port) {
  SocketAddress v6{.ip = *parse_ip("::1"), .port = 0, .unix_path = {}};
  const auto socket = ListenSocket::open(v6);
  if (!socket) GTEST_SKIP() << "no IPv6 here";
  EXPECT_EQ(number(socket->fd(), IPPROTO_IPV6, IPV6_V6ONLY), 1);
  EXPECT_TRUE(can_connect(socket->address()));
}

TEST(ListenSocket, AMovedFromSocketClosesNothing) {
  auto first = ListenSocket::open(loopback());
  const ListenSocket second = *std::move(first);
  first = Failure(Error{Errc::system, 0});
  EXPECT_TRUE(can_connect(second.address()));
}

TEST(ListenSocket, AForeignAddressIsASystemError) {
  SocketAddress nowhere{.ip = *parse_ip("192.0.2.1"), .port = 0, .unix_path = {}};
  const auto socket = ListenSocket::open(nowhere);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error(), (Error{Errc::system, EADDRNOTAVAIL}));
}

class UnixListenTest : public testing::Test {
 protected:
  UnixListenTest() {
    char name[] = "/tmp/weir-net-XXXXXX";
    folder_ = ::mkdtemp(name);
    address_.unix_path = folder_ / "weir.sock";
  }
  ~UnixListenTest() override { std::filesystem::remove_all(folder_); }

  bool file_exists() const { return std::filesystem::exists(address_.unix_path); }

  std::filesystem::path folder_;
  SocketAddress address_;
};

TEST_F(UnixListenTest, CreatesTheFileForOwnerAndGroupAndRemovesIt) {
  {
    const auto socket = ListenSocket::open(address_);
    ASSERT_TRUE(socket);
    struct stat status{};
    ASSERT_EQ(::stat(address_.unix_path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0660u);
    EXPECT_TRUE(can_connect(address_));
  }
  EXPECT_FALSE(file_exists());
}

TEST_F(UnixListenTest, ALiveSocketIsInUseAndStaysUsable) {
  const auto first = ListenSocket::open(address_);
  const auto second = ListenSocket::open(address_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::address_in_use);
  EXPECT_TRUE(can_connect(address_));
}

TEST_F(UnixListenTest, AStaleFileIsReplaced) {
  {
    const auto native = to_native(address_);
    const Descriptor dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(::bind(dead.get(), native->get(), native->length), 0);
  }
  ASSERT_TRUE(file_exists());
  const auto socket = ListenSocket::open(address_);
  ASSERT_TRUE(socket);
  EXPECT_TRUE(can_connect(address_));
}

TEST_F(UnixListenTest, AFileThatIsNoSocketIsLeftAlone) {
  std::ofstream(address_.unix_path) << "precious";
  const auto socket = ListenSocket::open(address_);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, Errc::address_in_use);
  std::string content;
  std::ifstream(address_.unix_path) >> content;
  EXPECT_EQ(content, "precious");
}

TEST_F(UnixListenTest, ADuplicateKeepsListeningButTheFileIsTheCreators) {
  auto first = ListenSocket::open(address_);
  {
    const auto second = first->another();
    ASSERT_TRUE(second);
    EXPECT_NE(second->fd(), first->fd());
  }
  EXPECT_TRUE(file_exists());
  EXPECT_TRUE(can_connect(address_));
}

TEST_F(UnixListenTest, ASuccessorsFileIsNotRemoved) {
  auto first = ListenSocket::open(address_);
  std::filesystem::rename(address_.unix_path, folder_ / "old.sock");
  const auto second = ListenSocket::open(address_);
  ASSERT_TRUE(second);
  first = Failure(Error{Errc::system, 0});
  EXPECT_TRUE(can_connect(address_));
}

TEST_F(UnixListenTest, APathTooLongForTheKernelIsAnError) {
  address_.unix_path = folder_ / std::string(200, 'p');
  const auto socket = ListenSocket::open(address_);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error(), (Error{Errc::system, ENAMETOOLONG}));
}

TEST_F(UnixListenTest, AMissingFolderIsASystemError) {
  address_.unix_path = folder_ / "missing" / "weir.sock";
  const auto socket = ListenSocket::open(address_);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error(), (Error{Errc::system, ENOENT}));
}

}  // namespace
}  // namespace weir::net
