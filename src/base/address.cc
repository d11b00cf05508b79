// IP literals to bytes and back, through the C library's parser.
#include <arpa/inet.h>
#include <charconv>
#include <cstring>

#include <weir/address.h>

namespace weir {
namespace {
constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
}

bool IpAddress::is_v4() const {
  return std::memcmp(bytes.data(), kMapped, sizeof kMapped) == 0;
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  IpAddress one;
  one.bytes[15] = 1;
  return *this == one;
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
    if (text.find(':') == std::string_view::npos) return {};
  }
  if (text.size() >= kIpTextMax) return {};
  char buffer[kIpTextMax + 1];
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  IpAddress ip;
  if (inet_pton(AF_INET6, buffer, ip.bytes.data()) == 1) return ip;
  if (inet_pton(AF_INET, buffer, ip.bytes.data() + 12) != 1) return {};
  std::memcpy(ip.bytes.data(), kMapped, sizeof kMapped);
  return ip;
}

std::string_view format_ip(const IpAddress& ip, char* out) {
  if (!ip.is_v4()) {
    const char* text = inet_ntop(AF_INET6, ip.bytes.data(), out, kIpTextMax);
    return text == nullptr ? std::string_view() : std::string_view(text);
  }
  // By hand: the C library's goes through printf, and this runs for every request.
  char* end = out;
  for (std::size_t i = 12; i < 16; ++i) {
    if (i > 12) *end++ = '.';
    end = std::to_chars(end, end + 3, ip.bytes[i]).ptr;
  }
  return {out, static_cast<std::size_t>(end - out)};
}

std::string to_string(const IpAddress& ip) {
  char buffer[kIpTextMax];
  return std::string(format_ip(ip, buffer));
}

IpAddress subscriber_of(const IpAddress& ip) {
  IpAddress subscriber = ip;
  if (!ip.is_v4()) std::memset(subscriber.bytes.data() + 8, 0, 8);
  return subscriber;
}

bool in_network(const IpAddress& ip, const std::array<std::uint8_t, 16>& network, int prefix) {
  const auto whole = static_cast<std::size_t>(prefix / 8);
  if (std::memcmp(ip.bytes.data(), network.data(), whole) != 0) return false;
  const int rest = prefix % 8;
  if (rest == 0) return true;
  const int mask = 0xff << (8 - rest) & 0xff;
  return (ip.bytes[whole] & mask) == (network[whole] & mask);
}

std::string to_string(const SocketAddress& address) {
  if (address.is_unix()) return "unix:" + address.unix_path;
  const std::string host = to_string(address.ip);
  return (address.ip.is_v4() ? host : "[" + host + "]") + ":" + std::to_string(address.port);
}

}  // namespace weir
