// The client at the other end of a connection, as proxy/exchange learns of it from whatever
// accepted it. A value; who fills it in decides nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include <weir/address.h>

#include "net/tls_facts.h"
#include "net/tls_peer.h"

namespace weir::proxy {

struct Client {
  IpAddress peer;
  std::uint16_t port = 0;
  // Where it connected to; known where a cluster is told (Snapshot::names_clients), else 0.
  IpAddress local;
  std::uint16_t local_port = 0;
  bool is_unix = false;
  TlsVersion tls = TlsVersion::none;
  // Of TLS; they live as long as its stream.
  std::string_view tls_cipher;
  std::string_view tls_server_name;
  // The certificate it proved, if it did; lives as long as its stream.
  const net::TlsPeer* certificate = nullptr;
};

}  // namespace weir::proxy
