// SRV records out of a name server's message, with their times to live, which c-ares' own reader
// leaves out. Called by the lookups of services; for the files of net/ alone. Pure; never reads
// outside the message, whatever its lengths and pointers say.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace weir::net {

struct ServiceRecord {
  std::string host;  // "" for the root: the service is decidedly not there
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::uint32_t ttl = 0;  // seconds; of the aliases before it too, if theirs is less
  bool operator==(const ServiceRecord&) const = default;
};

// Those of the answer section, at most limits::kNameAddresses. Nothing: the message is broken.
std::optional<std::vector<ServiceRecord>> parse_service_records(
    std::span<const unsigned char> message);

}  // namespace weir::net
