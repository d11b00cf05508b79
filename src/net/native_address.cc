// Copies between the address forms; no lookups, no text.
#include "net/native_address.h"

#include <cstddef>
#include <cstring>
#include <netinet/in.h>
#include <sys/un.h>

#include "net/system_error.h"

namespace weir::net {
namespace {

constexpr std::size_t kMappedPrefix = 12;  // bytes before the v4 address in ::ffff:a.b.c.d

Result<NativeAddress> to_unix(const std::string& path) {
  NativeAddress native;
  sockaddr_un un{};
  if (path.size() >= sizeof un.sun_path) return Failure(system_error(ENAMETOOLONG));
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, path.c_str(), path.size() + 1);
  std::memcpy(&native.storage, &un, sizeof un);
  native.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return native;
}

}  // namespace

Result<NativeAddress> to_native(const SocketAddress& address) {
  if (address.is_unix()) return to_unix(address.unix_path);
  NativeAddress native;
  if (address.ip.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&v4.sin_addr, address.ip.bytes.data() + kMappedPrefix, sizeof v4.sin_addr);
    std::memcpy(&native.storage, &v4, sizeof v4);
    native.length = sizeof v4;
    return native;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  std::memcpy(&v6.sin6_addr, address.ip.bytes.data(), sizeof v6.sin6_addr);
  std::memcpy(&native.storage, &v6, sizeof v6);
  native.length = sizeof v6;
  return native;
}

SocketAddress from_native(const sockaddr* address) {
  SocketAddress result;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    result.ip.bytes[10] = result.ip.bytes[11] = 0xff;
    std::memcpy(result.ip.bytes.data() + kMappedPrefix, &v4.sin_addr, sizeof v4.sin_addr);
    result.port = ntohs(v4.sin_port);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    std::memcpy(result.ip.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    result.port = ntohs(v6.sin6_port);
  } else {
    result.ip.bytes[15] = 1;
  }
  return result;
}

Result<SocketAddress> bound_address(int fd) {
  NativeAddress native;
  native.length = sizeof native.storage;
  if (::getsockname(fd, native.get(), &native.length) != 0) return Failure(system_error(errno));
  return from_native(native.get());
}

}  // namespace weir::net
