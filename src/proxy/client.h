// The client at the other end of a connection, as proxy/exchange learns of it from whatever
// accepted it. A value; who fills it in decides nothing.
#pragma once

#include <cstdint>

#include <weir/address.h>

namespace weir::proxy {

struct Client {
  IpAddress peer;
  std::uint16_t port = 0;
  bool is_unix = false;
  bool tls = false;
};

}  // namespace weir::proxy
