// listeners: a map of names, each with an address to accept on.
// Called by file_section.cc.
// Never opens anything; that two listeners share an address is seen by references.cc.
#include <fmt/format.h>

#include <weir/limits.h>

#include "config/addresses.h"
#include "config/choices.h"
#include "config/http_values.h"
#include "config/keys.h"
#include "config/plain_text.h"
#include "config/sections.h"

namespace weir::config {
namespace {

constexpr std::uint64_t kHeaderBytesLeast = 1024;
constexpr std::uint64_t kHeaderBytesMost = 1024 * 1024;

void read_header_bytes(Reader& reader, const Node& node, ListenerLimits& limits) {
  read_as(reader, node, limits.header_bytes, [](std::string_view text) -> Parsed<std::uint64_t> {
    Parsed<std::uint64_t> size = parse_size(text);
    if (size && (*size < kHeaderBytesLeast || *size > kHeaderBytesMost)) {
      return std::unexpected(fmt::format("{} is out of range: {} to {}", text,
                                         format_size(kHeaderBytesLeast),
                                         format_size(kHeaderBytesMost)));
    }
    return size;
  });
}

constexpr Key<ListenerLimits> kLimitKeys[] = {
    {"header_bytes", read_header_bytes},
    key_between<&ListenerLimits::headers, 1, 1000>("headers"),
    key<&ListenerLimits::body_bytes>("body_bytes"),
    key_between<&ListenerLimits::connections, 0, kAnyCount>("connections"),
    key_between<&ListenerLimits::connections_per_address, 0, limits::kConnectionsPerAddressMost>(
        "connections_per_address"),
    key<&ListenerLimits::min_body_rate>("min_body_rate"),
    key<&ListenerLimits::min_response_rate>("min_response_rate"),
};

constexpr Key<ListenerTimeouts> kTimeoutKeys[] = {
    key<&ListenerTimeouts::head>("head"),
    key<&ListenerTimeouts::body_idle>("body_idle"),
    key<&ListenerTimeouts::write_idle>("write_idle"),
    key<&ListenerTimeouts::idle>("idle"),
};

void read_listener_address(Reader& reader, const Node& node, Listener& listener) {
  if (read_as(reader, node, listener.address, parse_listen_address)) {
    listener.place = reader.place(node);
  }
}

constexpr Key<Listener> kListenerKeys[] = {
    {"address", read_listener_address},
    {"tls", read_listener_tls, list_listener_tls},
    key<&Listener::trusted_proxies>("trusted_proxies"),
    key<&Listener::proxy_protocol>("proxy_protocol"),
    key_section<&Listener::limits, kLimitKeys>("limits"),
    key_section<&Listener::timeouts, kTimeoutKeys>("timeouts"),
    {"http2", read_http2, list_http2},
    key_between<&Listener::requests_per_connection, 0, kAnyCount>("requests_per_connection"),
    key_choice<&Listener::underscore_fields, kUnderscoreFields>("underscore_fields"),
};

void read_listener(Reader& reader, const Entry& entry, Config& config) {
  Listener& listener = config.listeners.emplace_back();
  listener.name = entry.key->text;
  listener.place = reader.place(*entry.key);
  const Parsed<std::string> name = parse_name(listener.name);
  if (!name) reader.error(*entry.key, name.error());
  read_section(reader, *entry.value, listener, kListenerKeys);
  if (listener.proxy_protocol && listener.trusted_proxies.empty()) {
    reader.error(*entry.value->find("proxy_protocol"),
                 "nobody may send a PROXY header: list who does in trusted_proxies");
  }
  if (entry.value->is_map() && entry.value->find("address") == nullptr) {
    reader.error(*entry.key, fmt::format("listener '{}' has no address", printable(listener.name)));
  }
}

}  // namespace

void read_listeners(Reader& reader, const Node& node, Config& config) {
  if (!reader.expect(node, NodeKind::map)) return;
  if (node.entries.empty()) reader.error(node, "no listeners: there is nothing to listen on");
  config.listeners.reserve(node.entries.size());
  for (const Entry& entry : node.entries) read_listener(reader, entry, config);
}

void list_listeners(KeyList& out, const std::string& path) {
  list_named<kListenerKeys>(out, path);
}

}  // namespace weir::config
