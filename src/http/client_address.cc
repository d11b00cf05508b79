// Who the client is, behind proxies that may be believed. Works from the right end of
// X-Forwarded-For, because everything to the left of an untrusted address is that address's own
// claim.
#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "http/forwarding.h"

namespace weir::http {
namespace {

// An entry is an address, or (as some proxies write) one with a port.
std::optional<IpAddress> parse_entry(std::string_view entry) {
  if (entry.starts_with('[')) return parse_ip(entry.substr(0, entry.find(']') + 1));
  const std::size_t colon = entry.find(':');
  const bool v4_with_port = colon != std::string_view::npos && colon == entry.rfind(':');
  return parse_ip(v4_with_port ? entry.substr(0, colon) : entry);
}

bool is_trusted(const IpAddress& ip, std::span<const Network> trusted) {
  return std::ranges::any_of(
      trusted, [&ip](const Network& block) { return in_network(ip, block.network, block.prefix); });
}

// Takes the last element off a comma-separated list.
std::string_view take_last(std::string_view& list) {
  const std::size_t comma = list.rfind(',');
  const bool only = comma == std::string_view::npos;
  const std::string_view element = ascii::trim(only ? list : list.substr(comma + 1));
  list = only ? std::string_view() : list.substr(0, comma);
  return element;
}

}  // namespace

IpAddress client_address(const RequestHead& head, const IpAddress& peer,
                         std::span<const Network> trusted) {
  if (!is_trusted(peer, trusted)) return peer;
  IpAddress client = peer;
  const std::span<const Field> fields = head.fields();
  for (std::size_t i = fields.size(); i-- > 0;) {
    if (fields[i].id != FieldId::x_forwarded_for) continue;
    std::string_view list = head.value(fields[i]);
    while (!list.empty()) {
      const std::string_view entry = take_last(list);
      if (entry.empty()) continue;
      const std::optional<IpAddress> ip = parse_entry(entry);
      if (!ip) return peer;
      client = *ip;
      if (!is_trusted(client, trusted)) return client;
    }
  }
  return client;
}

}  // namespace weir::http
