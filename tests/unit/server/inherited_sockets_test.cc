// Sockets that were open before: how they are named in the environment, which listener gets which,
// and that none with a queue of its own is left out.
#include "server/inherited_sockets.h"

#include <gtest/gtest.h>

#include <fcntl.h>

#include "server/listen_sockets.h"

namespace weir::server {
namespace {

SocketAddress loopback(std::uint16_t port = 0) {
  return {.ip = *parse_ip("127.0.0.1"), .port = port, .unix_path = {}};
}

// A descriptor of its own, as another process would have left it.
int left_open(const net::ListenSocket& socket) {
  return ::fcntl(socket.fd(), F_DUPFD, 0);
}

config::Listener listener_at(const SocketAddress& address) {
  config::Listener listener;
  listener.name = "web";
  listener.address.host = "127.0.0.1";
  listener.address.port = address.port;
  return listener;
}

TEST(SocketsVariable, ReadsWhatItWrites) {
  const std::vector<NamedDescriptor> sockets = {
      {.name = "web", .worker = 0, .fd = 5},
      {.name = "web", .worker = 1, .fd = 6},
      {.name = "odd/=,:name", .worker = 0, .fd = 7, .owns_file = true, .by_name = true},
      {.name = "admin", .admin = true, .fd = 8, .owns_file = true},
  };
  const std::string variable = sockets_variable(sockets);
  EXPECT_TRUE(variable.starts_with("web/0=5,web/1=6,")) << variable;
  EXPECT_TRUE(variable.ends_with(",admin=8:file")) << variable;
  EXPECT_EQ(parse_sockets(variable), sockets);
  EXPECT_EQ(parse_sockets(""), std::vector<NamedDescriptor>());
}

TEST(SocketsVariable, AnythingElseIsNotGuessedAt) {
  for (const char* text : {"web", "web/0", "web/0=", "web/0=x", "web/0=5x", "web/x=5", "=5", "/0=5",
                           "web/0=-5", "web/0=5,,web/1=6", "web/0=5:twice", "web/0=99999999999"}) {
    EXPECT_FALSE(parse_sockets(text)) << text;
  }
}

TEST(Activation, NamesAreThoseOfTheDescriptorsFromThree) {
  const auto found = parse_activation("42", "2", "web:admin", 42);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], (NamedDescriptor{.name = "web", .fd = 3, .by_name = true}));
  EXPECT_EQ(found[1], (NamedDescriptor{.name = "admin", .fd = 4, .by_name = true}));
  EXPECT_EQ(parse_activation("42", "1", nullptr, 42).at(0).name, "");
}

TEST(Activation, WhatIsMeantForAnotherProcessIsNotTaken) {
  EXPECT_TRUE(parse_activation("41", "2", "web:admin", 42).empty());
  EXPECT_TRUE(parse_activation(nullptr, "2", "web:admin", 42).empty());
  EXPECT_TRUE(parse_activation("42", nullptr, nullptr, 42).empty());
  EXPECT_TRUE(parse_activation("42", "many", nullptr, 42).empty());
}

TEST(InheritedSockets, GoByTheirAddressWhateverTheName) {
  const auto open = net::ListenSocket::open(loopback());
  InheritedSockets inherited({{.name = "before", .fd = left_open(*open)}});
  EXPECT_TRUE(inherited.take({.name = "before", .address = loopback(1)}).empty());
  EXPECT_EQ(inherited.take({.name = "now", .address = open->address()}).size(), 1U);
  EXPECT_TRUE(inherited.take({.name = "now", .address = open->address()}).empty()) << "once";
}

TEST(InheritedSockets, AListenerWithAnyPortKeepsThePortItHad) {
  const auto open = net::ListenSocket::open(loopback());
  InheritedSockets inherited({{.name = "web", .fd = left_open(*open)}});
  EXPECT_TRUE(inherited.take({.name = "other", .address = loopback()}).empty());
  EXPECT_TRUE(inherited.take({.name = "web", .address = loopback(), .admin = true}).empty());
  const auto taken = inherited.take({.name = "web", .address = loopback()});
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].address(), open->address());
}

TEST(InheritedSockets, WhatIsNoListeningSocketIsLeftOut) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  InheritedSockets inherited({{.name = "web", .fd = ends[1], .by_name = true}});
  EXPECT_TRUE(inherited.take({.name = "web", .address = loopback()}).empty());
  char byte;
  EXPECT_EQ(::read(ends[0], &byte, 1), 0) << "the other end is closed";
  ::close(ends[0]);
}

class OpenForAll : public testing::TestWithParam<std::size_t> {};

TEST_P(OpenForAll, EveryInheritedQueueIsSomebodysAndEveryWorkerHasOne) {
  const auto first = net::ListenSocket::open(loopback());
  const auto second = first->another();
  const auto third = first->another();
  InheritedSockets inherited({{.name = "web", .worker = 0, .fd = left_open(*first)},
                              {.name = "web", .worker = 1, .fd = left_open(*second)},
                              {.name = "web", .worker = 2, .fd = left_open(*third)}});
  std::vector<WorkerSockets> workers(GetParam());
  const auto bound = open_for_all(listener_at(first->address()), 0, workers, inherited);
  ASSERT_TRUE(bound);
  EXPECT_EQ(*bound, first->address());
  std::size_t sockets = 0;
  for (const WorkerSockets& worker : workers) {
    EXPECT_GE(worker.count(0), 1U);
    sockets += worker.count(0);
  }
  EXPECT_EQ(sockets, std::max<std::size_t>(3, GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Workers, OpenForAll, testing::Values(1, 2, 3, 5));

}  // namespace
}  // namespace weir::server
