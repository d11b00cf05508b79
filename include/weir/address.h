// A socket address as a value: IPv4, IPv6 or a unix socket path. Small enough for every connection
// to keep its peer's. Made by net/ (from the kernel) and the resolver; printed by the log; hashed
// by balancers and splits.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

// An IP address; v4 is held as v4-mapped v6 (::ffff:a.b.c.d), so that one comparison serves both.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  bool is_v4() const;
  bool is_loopback() const;
  bool operator==(const IpAddress&) const = default;
};

inline constexpr std::size_t kIpTextMax = 46;  // INET6_ADDRSTRLEN

// Parses an IP literal, v4 or v6 (with or without brackets, no port, no zone). Nothing on anything
// else.
std::optional<IpAddress> parse_ip(std::string_view text);
// Writes the usual text form (v4 dotted) into `out`, which has room for kIpTextMax; returns the
// view of it.
std::string_view format_ip(const IpAddress& ip, char* out);
std::string to_string(const IpAddress& ip);

// Whom an address stands for where clients are counted: v4 itself, v6 its /64, of which one
// subscriber has all addresses to change between.
IpAddress subscriber_of(const IpAddress& ip);

// True when `ip` lies in network/prefix (prefix counts bits of the mapped form: v4 /8 is 104).
bool in_network(const IpAddress& ip, const std::array<std::uint8_t, 16>& network, int prefix);

struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;
  std::string unix_path;  // not empty = a unix socket, ip and port are unused

  bool is_unix() const { return !unix_path.empty(); }
  bool operator==(const SocketAddress&) const = default;
};
std::string to_string(const SocketAddress& address);  // 1.2.3.4:80, [::1]:80, unix:/path

}  // namespace weir
