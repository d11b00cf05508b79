// The header of the PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt): what a load
// balancer sends before anything else, to say whom it speaks for. Read by proxy/arrival, written
// for endpoints that want it. Pure: bytes in, addresses out; who may send one is decided elsewhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <weir/address.h>
#include <weir/limits.h>

namespace weir::net {

// What a header of version 2 begins with.
inline constexpr std::string_view kProxySignature("\r\n\r\n\0\r\nQUIT\n", 12);

// Both ends of a connection as its client sees them.
struct ProxyAddresses {
  IpAddress source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  bool operator==(const ProxyAddresses&) const = default;
};

struct ProxyHeader {
  // False: the sender speaks for itself (LOCAL), or for somebody without an IP address (UNKNOWN,
  // UNSPEC, unix sockets, datagrams); the connection's own addresses count then.
  bool has_addresses = false;
  ProxyAddresses addresses;
};

struct ProxyHeaderStep {
  enum class Verdict : std::uint8_t { incomplete, complete, malformed };
  Verdict verdict = Verdict::incomplete;
  std::size_t bytes = 0;  // of the header, when complete; what follows is the client's
};

// Reads the header that `bytes` begin with. Incomplete: call again with the same bytes and more;
// that never happens at limits::kProxyHeaderBytes. Malformed is told at the first byte that makes
// it so, or at the end of the header. Extensions (TLVs) are passed over, but their lengths must be
// right, and a CRC32c among them must match.
ProxyHeaderStep read_proxy_header(std::string_view bytes, ProxyHeader& out);

enum class ProxyVersion : std::uint8_t { v1 = 1, v2 = 2 };

// A header to be sent; small enough for the stack.
class ProxyHeaderText {
 public:
  // Speaks for a client.
  ProxyHeaderText(ProxyVersion version, const ProxyAddresses& client);
  // Speaks for the sender itself: LOCAL, which version 1 calls UNKNOWN. For health checks.
  explicit ProxyHeaderText(ProxyVersion version);

  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  void append(std::string_view bytes);
  void append_v1(const ProxyAddresses& client);
  void append_v2(const ProxyAddresses& client);

  std::array<char, limits::kProxyHeaderV1Bytes> bytes_;
  std::size_t size_ = 0;
};

}  // namespace weir::net
