// Between SocketAddress and the kernel's sockaddr forms. v4-mapped addresses become AF_INET and
// back.
#pragma once

#include <sys/socket.h>

#include <weir/address.h>
#include <weir/error.h>

namespace weir::net {

struct NativeAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

// Error: system with ENAMETOOLONG for a unix path the kernel has no room for.
Result<NativeAddress> to_native(const SocketAddress& address);

// Of AF_INET and AF_INET6; anything else gives ::1 and port 0.
SocketAddress from_native(const sockaddr* address);

// The address `fd` is bound to, for a TCP socket.
Result<SocketAddress> bound_address(int fd);

}  // namespace weir::net
