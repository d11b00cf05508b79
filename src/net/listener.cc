// Binding. SO_REUSEPORT lets every worker listen by itself, but would also let a second Weir share
// a port unnoticed; open() therefore tries the port without it first.
#include "net/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/descriptor.h"
#include "net/native_address.h"
#include "net/system_error.h"

namespace weir::net {
namespace {

constexpr mode_t kSocketFileMode = 0660;

Failure last_error() {
  return Failure(listen_error(errno));
}

bool set_on(int fd, int level, int option) {
  const int on = 1;
  return ::setsockopt(fd, level, option, &on, sizeof on) == 0;
}

Descriptor stream_socket(int family) {
  return Descriptor(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

Result<Descriptor> bound_tcp(const NativeAddress& address, bool shared) {
  Descriptor socket = stream_socket(address.family());
  if (!socket) return last_error();
  bool ok = set_on(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (shared) ok = ok && set_on(socket.get(), SOL_SOCKET, SO_REUSEPORT);
  if (address.family() == AF_INET6) {
    ok = ok && set_on(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  }
  ok = ok && set_on(socket.get(), IPPROTO_TCP, TCP_NODELAY);
  ok = ok && ::bind(socket.get(), address.get(), address.length) == 0;
  if (!ok) return last_error();
  return socket;
}

Result<Descriptor> listening_tcp(const NativeAddress& address, int backlog) {
  auto socket = bound_tcp(address, true);
  if (socket && ::listen(socket->get(), backlog) != 0) return last_error();
  return socket;
}

// A socket file whose listener is gone: connecting is refused. Anything that is not a socket is
// left alone.
bool is_stale(const NativeAddress& address, const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const Descriptor probe = stream_socket(AF_UNIX);
  if (!probe) return false;
  return ::connect(probe.get(), address.get(), address.length) != 0 && errno == ECONNREFUSED;
}

std::uint64_t inode_of(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      address_(std::move(other.address_)),
      backlog_(other.backlog_),
      inode_(std::exchange(other.inode_, 0)) {}

ListenSocket::~ListenSocket() {
  if (fd_ < 0) return;
  // Not when another process has put its own socket there meanwhile.
  if (inode_ != 0 && inode_of(address_.unix_path) == inode_) {
    ::unlink(address_.unix_path.c_str());
  }
  ::close(fd_);
}

Result<ListenSocket> ListenSocket::open(const SocketAddress& address, int backlog) {
  return address.is_unix() ? open_unix(address, backlog) : open_tcp(address, backlog);
}

Result<ListenSocket> ListenSocket::open_tcp(const SocketAddress& address, int backlog) {
  const auto native = to_native(address);
  if (!native) return Failure(native.error());
  if (address.port != 0) {
    const auto alone = bound_tcp(*native, false);
    if (!alone) return Failure(alone.error());
  }
  auto socket = listening_tcp(*native, backlog);
  if (!socket) return Failure(socket.error());
  auto bound = bound_address(socket->get());
  if (!bound) return Failure(bound.error());
  ListenSocket opened(socket->release(), *std::move(bound));
  opened.backlog_ = backlog;
  return opened;
}

Result<ListenSocket> ListenSocket::open_unix(const SocketAddress& address, int backlog) {
  const auto native = to_native(address);
  if (!native) return Failure(native.error());
  Descriptor socket = stream_socket(AF_UNIX);
  if (!socket) return last_error();
  int bound = ::bind(socket.get(), native->get(), native->length);
  if (bound != 0 && errno == EADDRINUSE) {
    if (!is_stale(*native, address.unix_path)) return Failure(listen_error(EADDRINUSE));
    ::unlink(address.unix_path.c_str());
    bound = ::bind(socket.get(), native->get(), native->length);
  }
  if (bound != 0) return last_error();
  ListenSocket opened(socket.release(), address);
  opened.backlog_ = backlog;
  opened.inode_ = inode_of(address.unix_path);
  // Before listen(): nobody can connect under the umask's mode.
  if (::chmod(address.unix_path.c_str(), kSocketFileMode) != 0) return last_error();
  if (::listen(opened.fd_, backlog) != 0) return last_error();
  return opened;
}

Result<ListenSocket> ListenSocket::another() const {
  Descriptor copy;
  if (address_.is_unix()) {
    copy = Descriptor(::fcntl(fd_, F_DUPFD_CLOEXEC, 0));
    if (!copy) return last_error();
  } else {
    const auto native = to_native(address_);
    if (!native) return Failure(native.error());
    auto socket = listening_tcp(*native, backlog_);
    if (!socket) return Failure(socket.error());
    copy = *std::move(socket);
  }
  ListenSocket second(copy.release(), address_);
  second.backlog_ = backlog_;
  return second;
}

}  // namespace weir::net
