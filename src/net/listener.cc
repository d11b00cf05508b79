// Binding. SO_REUSEPORT lets every worker listen by itself, but would also let a second Weir share
// a port unnoticed; open() therefore tries the port without it first.
#include "net/listener.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <weir/limits.h>

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

// What is accepted inherits them. The kernel takes what it can send now and little more of what a
// client does not read: more would be memory that nobody counts, and time to fill it.
bool set_inherited_options(int fd) {
  const int unsent = static_cast<int>(limits::kUnsentBytes);
  return set_on(fd, IPPROTO_TCP, TCP_NODELAY) &&
         ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent) == 0;
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
  ok = ok && set_inherited_options(socket.get());
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

// An option of the socket level; -1: `fd` is no socket.
int number_of(int fd, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

std::string unix_path_of(const NativeAddress& address) {
  const auto* unix_address = reinterpret_cast<const sockaddr_un*>(address.get());
  constexpr std::size_t kBefore = offsetof(sockaddr_un, sun_path);
  if (address.length <= kBefore) return {};
  const std::size_t room =
      std::min<std::size_t>(address.length - kBefore, sizeof unix_address->sun_path);
  return {unix_address->sun_path, ::strnlen(unix_address->sun_path, room)};
}

}  // namespace

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      address_(std::move(other.address_)),
      backlog_(other.backlog_),
      inode_(std::exchange(other.inode_, 0)) {}

ListenSocket& ListenSocket::operator=(ListenSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(address_, other.address_);
  std::swap(backlog_, other.backlog_);
  std::swap(inode_, other.inode_);
  return *this;
}

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

Result<ListenSocket> ListenSocket::adopt(int fd, bool owns_file) {
  Descriptor socket(fd);
  if (number_of(fd, SO_ACCEPTCONN) != 1 || number_of(fd, SO_TYPE) != SOCK_STREAM) {
    return Failure(system_error(EINVAL));
  }
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return last_error();
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return last_error();
  NativeAddress native;
  native.length = sizeof native.storage;
  if (::getsockname(fd, native.get(), &native.length) != 0) return last_error();
  SocketAddress address = from_native(native.get());
  if (native.family() == AF_UNIX) {
    address = {};
    address.unix_path = unix_path_of(native);
  } else if (!set_inherited_options(fd)) {
    return last_error();
  }
  ListenSocket adopted(socket.release(), std::move(address));
  adopted.backlog_ = kBacklog;
  if (owns_file && adopted.address_.is_unix()) {
    adopted.inode_ = inode_of(adopted.address_.unix_path);
  }
  return adopted;
}

bool ListenSocket::shares_address() const {
  return !address_.is_unix() && number_of(fd_, SO_REUSEPORT) == 1;
}

Result<ListenSocket> ListenSocket::duplicate() const {
  Descriptor copy(::fcntl(fd_, F_DUPFD_CLOEXEC, 0));
  if (!copy) return last_error();
  ListenSocket second(copy.release(), address_);
  second.backlog_ = backlog_;
  return second;
}

Result<ListenSocket> ListenSocket::another() const {
  if (!shares_address()) return duplicate();
  const auto native = to_native(address_);
  if (!native) return Failure(native.error());
  auto socket = listening_tcp(*native, backlog_);
  if (!socket) return Failure(socket.error());
  ListenSocket second(socket->release(), address_);
  second.backlog_ = backlog_;
  return second;
}

}  // namespace weir::net
