// Fuzzes the reader of SRV records: whatever a name server sends is read without leaving the
// message, or refused, and what is read keeps the bounds that its users count on. Run by libFuzzer
// (preset fuzz). Never asks a name server.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include <weir/limits.h>

#include "net/service_records.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::vector<unsigned char> message(bytes, bytes + size);  // its end is watched
  const auto records = weir::net::parse_service_records(message);
  if (!records) return 0;
  if (records->size() > weir::limits::kNameAddresses) std::abort();
  const bool sound = std::all_of(records->begin(), records->end(), [](const auto& record) {
    return record.ttl <= 0x7fff'ffffU && record.host.size() < 4 * 256;
  });
  if (!sound) std::abort();
  return 0;
}
