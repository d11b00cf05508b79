// Reading PROXY headers. Strict: what two readers could take for different things is malformed, as
// is what could still be an HTTP request or a TLS record.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include <weir/limits.h>

#include "net/crc32c.h"
#include "net/proxy_header.h"

namespace weir::net {
namespace {

using Verdict = ProxyHeaderStep::Verdict;

constexpr ProxyHeaderStep kMalformed{Verdict::malformed, 0};
constexpr ProxyHeaderStep kIncomplete{Verdict::incomplete, 0};

constexpr std::string_view kV1Begin = "PROXY ";
constexpr std::size_t kV2Fixed = 16;  // signature, version and command, family, length

// Takes the text up to the next space, which must be there unless it is the last.
std::string_view take_word(std::string_view& line, bool last) {
  const std::size_t space = line.find(' ');
  if (last != (space == std::string_view::npos)) return {};
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(last ? line.size() : space + 1);
  return word;
}

// The text form of the family the line names, and no other: "::ffff:1.2.3.4" is IPv6.
std::optional<IpAddress> parse_of_family(std::string_view text, bool v6) {
  const bool has_colon = text.find(':') != std::string_view::npos;
  if (text.empty() || has_colon != v6 || text.front() == '[') return {};
  return parse_ip(text);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, port);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (error != std::errc() || at != end || leading_zero) return {};
  return port;
}

// "TCP4 1.2.3.4 5.6.7.8 1000 80", without "PROXY " and the end of line.
bool read_v1_line(std::string_view line, ProxyHeader& out) {
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return true;
  const bool v6 = line.starts_with("TCP6 ");
  if (!v6 && !line.starts_with("TCP4 ")) return false;
  line.remove_prefix(5);
  const auto source = parse_of_family(take_word(line, false), v6);
  const auto destination = parse_of_family(take_word(line, false), v6);
  const auto source_port = parse_port(take_word(line, false));
  const auto destination_port = parse_port(take_word(line, true));
  if (!source || !destination || !source_port || !destination_port) return false;
  out.has_addresses = true;
  out.addresses = {*source, *destination, *source_port, *destination_port};
  return true;
}

ProxyHeaderStep read_v1(std::string_view bytes, ProxyHeader& out) {
  const std::string_view head = bytes.substr(0, limits::kProxyHeaderV1Bytes);
  const std::size_t end = head.find('\n');
  if (end == std::string_view::npos) {
    const std::size_t cr = head.find('\r');
    const bool cr_inside = cr != std::string_view::npos && cr + 1 != head.size();
    const bool too_long = head.size() == limits::kProxyHeaderV1Bytes;
    return cr_inside || too_long ? kMalformed : kIncomplete;
  }
  if (head[end - 1] != '\r') return kMalformed;
  const std::string_view line = head.substr(kV1Begin.size(), end - 1 - kV1Begin.size());
  if (line.find('\r') != std::string_view::npos || !read_v1_line(line, out)) return kMalformed;
  return {Verdict::complete, end + 1};
}

std::uint8_t byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint8_t>(bytes[i]);
}

std::uint16_t u16_at(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint16_t>(byte_at(bytes, i) << 8 | byte_at(bytes, i + 1));
}

IpAddress v4_at(std::string_view bytes, std::size_t i) {
  IpAddress ip;
  ip.bytes[10] = ip.bytes[11] = 0xff;
  std::memcpy(ip.bytes.data() + 12, bytes.data() + i, 4);
  return ip;
}

IpAddress v6_at(std::string_view bytes, std::size_t i) {
  IpAddress ip;
  std::memcpy(ip.bytes.data(), bytes.data() + i, 16);
  return ip;
}

// The checksum is over the whole header, with zeros where it stands itself.
bool checksum_matches(std::string_view header, std::size_t at) {
  constexpr std::string_view kZeros("\0\0\0\0", 4);
  std::uint32_t crc = crc32c_add(kCrc32cBegin, header.substr(0, at));
  crc = crc32c_add(crc, kZeros);
  crc = crc32c_add(crc, header.substr(at + 4));
  const std::uint32_t said = std::uint32_t{u16_at(header, at)} << 16 | u16_at(header, at + 2);
  return crc32c_end(crc) == said;
}

// Type, length, value, up to the header's end exactly.
bool extensions_hold(std::string_view header, std::size_t at) {
  constexpr std::uint8_t kChecksum = 0x03;
  while (at < header.size()) {
    if (header.size() - at < 3) return false;
    const std::uint8_t type = byte_at(header, at);
    const std::size_t length = u16_at(header, at + 1);
    at += 3;
    if (header.size() - at < length) return false;
    if (type == kChecksum && (length != 4 || !checksum_matches(header, at))) return false;
    at += length;
  }
  return true;
}

struct V2Family {
  std::uint8_t byte;
  std::size_t address_bytes;
};

// Families and transports of section 2.2; any other byte is malformed.
constexpr std::array<V2Family, 7> kV2Families = {
    {{0x00, 0}, {0x11, 12}, {0x12, 12}, {0x21, 36}, {0x22, 36}, {0x31, 216}, {0x32, 216}}};

// A whole header. LOCAL and UNSPEC say nothing that counts: their content is passed over.
bool read_v2_whole(std::string_view header, ProxyHeader& out) {
  constexpr std::uint8_t kLocal = 0x20, kProxy = 0x21;
  constexpr std::uint8_t kTcp4 = 0x11, kTcp6 = 0x21;
  const std::uint8_t command = byte_at(header, 12);
  const std::uint8_t family = byte_at(header, 13);
  if (command == kLocal) return true;
  const auto known = std::ranges::find(kV2Families, family, &V2Family::byte);
  if (command != kProxy || known == kV2Families.end()) return false;
  if (header.size() < kV2Fixed + known->address_bytes) return false;
  if (family == 0x00) return true;
  if (family == kTcp4) {
    out.has_addresses = true;
    out.addresses = {v4_at(header, 16), v4_at(header, 20), u16_at(header, 24), u16_at(header, 26)};
  } else if (family == kTcp6) {
    out.has_addresses = true;
    out.addresses = {v6_at(header, 16), v6_at(header, 32), u16_at(header, 48), u16_at(header, 50)};
  }
  return extensions_hold(header, kV2Fixed + known->address_bytes);
}

ProxyHeaderStep read_v2(std::string_view bytes, ProxyHeader& out) {
  if (bytes.size() > 12 && byte_at(bytes, 12) >> 4 != 2) return kMalformed;
  if (bytes.size() < kV2Fixed) return kIncomplete;
  const std::size_t whole = kV2Fixed + u16_at(bytes, 14);
  if (whole > limits::kProxyHeaderBytes) return kMalformed;
  if (bytes.size() < whole) return kIncomplete;
  if (!read_v2_whole(bytes.substr(0, whole), out)) return kMalformed;
  return {Verdict::complete, whole};
}

bool begins(std::string_view bytes, std::string_view with) {
  const std::size_t n = std::min(bytes.size(), with.size());
  return bytes.substr(0, n) == with.substr(0, n);
}

}  // namespace

ProxyHeaderStep read_proxy_header(std::string_view bytes, ProxyHeader& out) {
  out = {};
  ProxyHeaderStep step = kMalformed;
  if (begins(bytes, kV1Begin)) {
    step = bytes.size() < kV1Begin.size() ? kIncomplete : read_v1(bytes, out);
  } else if (begins(bytes, kProxySignature)) {
    step = bytes.size() < kProxySignature.size() ? kIncomplete : read_v2(bytes, out);
  }
  if (step.verdict != Verdict::complete) out = {};
  return step;
}

}  // namespace weir::net
