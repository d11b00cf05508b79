// Writing PROXY headers. Never writes half an address: when one end is IPv6, both are.
#include <arpa/inet.h>
#include <charconv>
#include <cstring>

#include "net/proxy_header.h"

namespace weir::net {
namespace {

bool both_v4(const ProxyAddresses& client) {
  return client.source.is_v4() && client.destination.is_v4();
}

std::string_view text_of(const IpAddress& ip, bool v4, char* out) {
  if (v4) return format_ip(ip, out);
  const char* text = inet_ntop(AF_INET6, ip.bytes.data(), out, kIpTextMax);
  return text == nullptr ? std::string_view("::") : std::string_view(text);
}

std::string_view bytes_of(const IpAddress& ip, bool v4) {
  const auto* all = reinterpret_cast<const char*>(ip.bytes.data());
  return v4 ? std::string_view(all + 12, 4) : std::string_view(all, 16);
}

std::array<char, 2> big_endian(std::size_t value) {
  return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

}  // namespace

ProxyHeaderText::ProxyHeaderText(ProxyVersion version, const ProxyAddresses& client) {
  if (version == ProxyVersion::v1) {
    append_v1(client);
  } else {
    append_v2(client);
  }
}

ProxyHeaderText::ProxyHeaderText(ProxyVersion version) {
  if (version == ProxyVersion::v1) {
    append("PROXY UNKNOWN\r\n");
  } else {
    append(kProxySignature);
    append(std::string_view("\x20\0\0\0", 4));
  }
}

void ProxyHeaderText::append(std::string_view bytes) {
  std::memcpy(bytes_.data() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void ProxyHeaderText::append_v1(const ProxyAddresses& client) {
  const bool v4 = both_v4(client);
  append(v4 ? "PROXY TCP4 " : "PROXY TCP6 ");
  for (const IpAddress* ip : {&client.source, &client.destination}) {
    char text[kIpTextMax];
    append(text_of(*ip, v4, text));
    append(" ");
  }
  char port[5];
  append({port, std::to_chars(port, port + sizeof port, client.source_port).ptr});
  append(" ");
  append({port, std::to_chars(port, port + sizeof port, client.destination_port).ptr});
  append("\r\n");
}

void ProxyHeaderText::append_v2(const ProxyAddresses& client) {
  const bool v4 = both_v4(client);
  append(kProxySignature);
  append(v4 ? std::string_view("\x21\x11\0\x0c", 4) : std::string_view("\x21\x21\0\x24", 4));
  append(bytes_of(client.source, v4));
  append(bytes_of(client.destination, v4));
  for (const std::uint16_t port : {client.source_port, client.destination_port}) {
    const auto bytes = big_endian(port);
    append({bytes.data(), bytes.size()});
  }
}

}  // namespace weir::net
