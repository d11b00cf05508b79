// What a service manager hears, at a datagram socket of the test's own.
#include "net/service_notice.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sys/un.h>

#include "net_fixture.h"

namespace weir::net {
namespace {

class ServiceNotice : public testing::Test {
 protected:
  ServiceNotice() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}
  ~ServiceNotice() override { ::unsetenv("NOTIFY_SOCKET"); }

  // A name with '@' in front is an abstract one.
  void listen_at(const std::string& name) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name.data(), name.size());
    if (name.front() == '@') at.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    ASSERT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), length), 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  std::string heard() {
    char bytes[256];
    const ssize_t n = ::recv(socket_.get(), bytes, sizeof bytes, 0);
    return n < 0 ? "" : std::string(bytes, static_cast<std::size_t>(n));
  }

  Descriptor socket_;
};

TEST_F(ServiceNotice, ArrivesWholeAtAPath) {
  char name[] = "/tmp/weir-notice-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  listen_at(folder / "socket");
  EXPECT_TRUE(tell_service_manager("READY=1\nSTATUS=serves"));
  EXPECT_EQ(heard(), "READY=1\nSTATUS=serves");
  std::filesystem::remove_all(folder);
}

TEST_F(ServiceNotice, ArrivesAtAnAbstractName) {
  listen_at("@weir-notice-test-" + std::to_string(::getpid()));
  EXPECT_TRUE(tell_service_manager("STOPPING=1"));
  EXPECT_EQ(heard(), "STOPPING=1");
}

TEST_F(ServiceNotice, NobodyThereIsNoFailure) {
  EXPECT_FALSE(tell_service_manager("READY=1"));
  ::setenv("NOTIFY_SOCKET", "/nowhere/socket", 1);
  EXPECT_FALSE(tell_service_manager("READY=1"));
  ::setenv("NOTIFY_SOCKET", "nonsense", 1);
  EXPECT_FALSE(tell_service_manager("READY=1"));
}

TEST_F(ServiceNotice, AReloadCarriesItsTime) {
  const std::string lines = reloading_lines();
  EXPECT_TRUE(lines.starts_with("RELOADING=1\nMONOTONIC_USEC=")) << lines;
  EXPECT_GT(std::stoull(lines.substr(lines.rfind('=') + 1)), 0U);
}

}  // namespace
}  // namespace weir::net
