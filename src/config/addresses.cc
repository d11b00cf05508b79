// host:port, unix paths and CIDR blocks.
// Called by the section readers, the reference checks and the dump.
// Never accepts a spelling that two parsers could read differently: no bare ports, no names where
// literals belong.
#include "config/addresses.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sys/un.h>

#include "base/ascii.h"
#include "config/plain_text.h"
#include "config/quantities.h"

namespace weir::config {
namespace {

constexpr std::size_t kUnixPathBytes = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t kHostBytes = 253;  // RFC 1035 section 2.3.4, as text
constexpr std::size_t kLabelBytes = 63;
constexpr std::uint16_t kNameServerPort = 53;
constexpr int kV4Offset = 96;  // bits of a v4-mapped address before the v4 part

// Letters, digits, '-' and '_' in labels of at most 63; the last one not all digits, or it would be
// a broken IPv4.
bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > kHostBytes) return false;
  if (host.ends_with('.')) host.remove_suffix(1);
  bool only_digits = true;
  std::size_t label = 0;
  for (const char c : host) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
      only_digits = true;
      continue;
    }
    if (!ascii::is_alpha(c) && !ascii::is_digit(c) && c != '-' && c != '_') return false;
    if (!ascii::is_digit(c)) only_digits = false;
    if (++label > kLabelBytes) return false;
  }
  return label > 0 && !only_digits;
}

Parsed<Address> parse_unix(std::string_view path) {
  if (!path.starts_with('/')) {
    return std::unexpected(
        fmt::format("'unix:{}' needs an absolute path: unix:/path", printable(path)));
  }
  if (path.size() > kUnixPathBytes) {
    return std::unexpected(fmt::format("a unix socket's path has at most {} bytes, this one {}",
                                       kUnixPathBytes, path.size()));
  }
  if (std::any_of(path.begin(), path.end(), ascii::is_control)) {
    return std::unexpected(fmt::format("'unix:{}' has a control character", printable(path)));
  }
  return Address{.host = {}, .port = 0, .unix_path = std::string(path)};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return port;
}

std::unexpected<std::string> not_an_address(std::string_view text) {
  return std::unexpected(fmt::format(
      "'{}' is not an address: write host:port, [v6]:port or unix:/path", printable(text)));
}

// Splits at the colon before the port and checks that the host is a literal or a name.
Parsed<Address> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    if (parse_ip(text) || is_host_name(text)) {
      return std::unexpected(
          fmt::format("'{0}' has no port: write {0}:80 (or another port)", text));
    }
    return not_an_address(text);
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find(':') != std::string_view::npos) {
    const bool whole_is_v6 = parse_ip(text).has_value() || parse_ip(host).has_value();
    if (!whole_is_v6) return not_an_address(text);
    return std::unexpected(
        fmt::format("'{}': an IPv6 address is written in brackets: [::1]:8080", text));
  }
  if (host.empty() || host == "*") {
    return std::unexpected(fmt::format("'{0}' has no host: write 0.0.0.0:{1} or [::]:{1}",
                                       printable(text), printable(port_text)));
  }
  if (bracketed) host = host.substr(1, host.size() - 2);
  const std::optional<IpAddress> ip = parse_ip(host);
  if (bracketed ? !ip || host.find(':') == std::string_view::npos : !ip && !is_host_name(host)) {
    return not_an_address(text);
  }
  const std::optional<std::uint16_t> port = parse_port(port_text);
  if (!port) {
    return std::unexpected(fmt::format("'{}' is not a port (1 to 65535)", printable(port_text)));
  }
  return Address{.host = std::string(host), .port = *port, .unix_path = {}};
}

Parsed<Address> parse_any(std::string_view text) {
  if (text.starts_with("unix:")) return parse_unix(text.substr(5));
  if (text.find("://") != std::string_view::npos) {
    return std::unexpected(fmt::format("'{}' is a URL: write host:port alone", printable(text)));
  }
  return parse_host_port(text);
}

std::string network_text(const Cidr& cidr) {
  const IpAddress ip{cidr.network};
  if (ip.is_v4() && cidr.prefix >= kV4Offset)
    return fmt::format("{}/{}", weir::to_string(ip), cidr.prefix - kV4Offset);
  return fmt::format("{}/{}", weir::to_string(ip), cidr.prefix);
}

void clear_host_bits(Cidr& cidr) {
  for (int bit = cidr.prefix; bit < 128; ++bit) {
    const int mask = 0x80 >> (bit % 8);
    auto& byte = cidr.network[static_cast<std::size_t>(bit / 8)];
    byte = static_cast<std::uint8_t>(byte & ~mask);
  }
}

}  // namespace

std::string to_string(const Address& address) {
  if (address.is_unix()) return "unix:" + address.unix_path;
  const bool v6 = address.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", address.host, address.port)
            : fmt::format("{}:{}", address.host, address.port);
}

std::string to_string(const Endpoint& endpoint) {
  return endpoint.service.empty() ? to_string(endpoint.address) : endpoint.service;
}

std::string to_string(const Cidr& cidr) {
  return network_text(cidr);
}

Parsed<Address> parse_endpoint_address(std::string_view text) {
  Parsed<Address> parsed = parse_any(text);
  if (parsed && !parsed->is_unix() && parsed->port == 0) {
    return std::unexpected(fmt::format("'{}': nothing can be reached on port 0", text));
  }
  return parsed;
}

Parsed<Address> parse_listen_address(std::string_view text) {
  Parsed<Address> parsed = parse_any(text);
  if (parsed && !parsed->is_unix() && !parse_ip(parsed->host)) {
    return std::unexpected(fmt::format(
        "'{}': an address to listen on is an IP literal, such as 127.0.0.1:{} or [::]:{}", text,
        parsed->port, parsed->port));
  }
  return parsed;
}

Parsed<Address> parse_name_server(std::string_view text) {
  if (const auto ip = parse_ip(text)) {
    return Address{.host = weir::to_string(*ip), .port = kNameServerPort, .unix_path = {}};
  }
  Parsed<Address> parsed = parse_any(text);
  const bool sound = parsed && !parsed->is_unix() && parsed->port > 0 && parse_ip(parsed->host);
  if (sound) return parsed;
  return std::unexpected(fmt::format(
      "'{}' is not a name server: write its IP address, 10.0.0.53, 10.0.0.53:5353 or [::1]:5353",
      printable(text)));
}

Parsed<std::string> parse_service(std::string_view text) {
  const std::size_t second = std::min(text.find('.'), text.size() - 1) + 1;
  const std::size_t rest = text.find('.', second);
  const bool has_rest = rest != text.npos && rest + 1 < text.size();
  if (is_host_name(text) && has_rest && text[0] == '_' && text[second] == '_') {
    return std::string(text);
  }
  return std::unexpected(fmt::format(
      "'{}' is not a service: write _http._tcp.app.internal, the name of its SRV records",
      printable(text)));
}

Parsed<std::string> parse_authority(std::string_view text) {
  const bool v6 = parse_ip(text) && text.find(':') != std::string_view::npos;
  if (v6 && !text.starts_with('[')) {
    return std::unexpected(fmt::format("'{0}': a host writes IPv6 in brackets: \"[{0}]\"", text));
  }
  if (parse_ip(text) || is_host_name(text)) return std::string(text);
  const Parsed<Address> with_port = parse_host_port(text);
  if (!with_port || with_port->port == 0) {
    return std::unexpected(fmt::format(
        "'{}' is not a host: write next.internal or next.internal:8080", printable(text)));
  }
  return std::string(text);
}

Parsed<std::string> parse_host(std::string_view text) {
  if (parse_ip(text) || is_host_name(text)) return std::string(text);
  return std::unexpected(fmt::format(
      "'{}' is not a host: write a name or an IP address, without a port", printable(text)));
}

Parsed<std::string> parse_cookie_domain(std::string_view text) {
  if (parse_ip(text) || !is_host_name(text) || text.ends_with('.')) {
    return std::unexpected(fmt::format(
        "'{}' is not a cookie's domain: write example.com, which means what is below it too; or "
        "leave it out for one host",
        printable(text)));
  }
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), ascii::lower);
  return out;
}

Parsed<Cidr> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<IpAddress> ip = parse_ip(text.substr(0, slash));
  if (!ip || text.starts_with('[')) {
    return std::unexpected(fmt::format(
        "'{}' is not a block of addresses: write 10.0.0.0/8, fd00::/8 or a single address",
        printable(text)));
  }
  Cidr cidr{.network = ip->bytes, .prefix = 128};
  if (slash == std::string_view::npos) return cidr;
  const int most = ip->is_v4() && text.find(':') == std::string_view::npos ? 32 : 128;
  const Parsed<long long> prefix = parse_integer(text.substr(slash + 1), 0, most);
  if (!prefix) return std::unexpected("prefix: " + prefix.error());
  cidr.prefix = static_cast<int>(*prefix) + (128 - most);
  clear_host_bits(cidr);
  if (cidr.network != ip->bytes) {
    return std::unexpected(fmt::format("'{}' has bits set behind its prefix, did you mean {}?",
                                       text, network_text(cidr)));
  }
  return cidr;
}

std::optional<SocketAddress> literal(const Address& address) {
  if (address.is_unix()) return SocketAddress{{}, 0, address.unix_path};
  const std::optional<IpAddress> ip = parse_ip(address.host);
  if (!ip) return {};
  return SocketAddress{*ip, address.port, {}};
}

}  // namespace weir::config
