// Protocol Buffers' encoding, as far as two messages need it: a field is a tag (number << 3 | type)
// and its value; fields that nobody here knows are skipped.
#include "server/grpc_health.h"

#include <cstddef>

namespace weir::server {
namespace {

constexpr std::size_t kPrefixBytes = 5;  // compressed or not, and the length in four bytes
constexpr std::uint64_t kServiceTag = 1 << 3 | 2;
constexpr std::uint64_t kStatusTag = 1 << 3 | 0;

void append_varint(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number % 0x80 + 0x80);
  out += static_cast<char>(number);
}

bool take_varint(std::string_view& bytes, std::uint64_t& number) {
  constexpr unsigned kMostBits = 63;
  number = 0;
  for (unsigned shift = 0; shift <= kMostBits && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool skip_bytes(std::string_view& bytes, std::uint64_t count) {
  if (count > bytes.size()) return false;
  bytes.remove_prefix(static_cast<std::size_t>(count));
  return true;
}

// The value behind a tag of that type.
bool skip_value(std::string_view& bytes, std::uint64_t tag) {
  std::uint64_t number = 0;
  switch (tag & 7) {
    case 0:
      return take_varint(bytes, number);
    case 1:
      return skip_bytes(bytes, 8);
    case 2:
      return take_varint(bytes, number) && skip_bytes(bytes, number);
    case 5:
      return skip_bytes(bytes, 4);
    default:
      return false;
  }
}

std::uint32_t length_in(std::string_view prefix) {
  std::uint32_t length = 0;
  for (const char c : prefix.substr(1, 4)) length = length << 8 | static_cast<unsigned char>(c);
  return length;
}

}  // namespace

std::string name_of(ServingStatus status) {
  switch (status) {
    case ServingStatus::unknown:
      return "UNKNOWN";
    case ServingStatus::serving:
      return "SERVING";
    case ServingStatus::not_serving:
      return "NOT_SERVING";
    case ServingStatus::service_unknown:
      return "SERVICE_UNKNOWN";
  }
  return std::to_string(static_cast<std::uint32_t>(status));
}

std::string health_request(std::string_view service) {
  std::string message;
  if (!service.empty()) {
    append_varint(message, kServiceTag);
    append_varint(message, service.size());
    message += service;
  }
  std::string content(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    content += static_cast<char>(message.size() >> shift & 0xff);
  }
  return content + message;
}

// A field that is left out has its type's zero; of several the last counts.
std::optional<ServingStatus> read_health_response(std::string_view content) {
  if (content.size() < kPrefixBytes || content[0] != '\0') return {};
  std::string_view message = content.substr(kPrefixBytes);
  if (length_in(content) != message.size()) return {};
  std::uint64_t status = 0;
  while (!message.empty()) {
    std::uint64_t tag = 0;
    if (!take_varint(message, tag)) return {};
    const bool sound = tag == kStatusTag ? take_varint(message, status) : skip_value(message, tag);
    if (!sound) return {};
  }
  return static_cast<ServingStatus>(static_cast<std::uint32_t>(status));
}

}  // namespace weir::server
