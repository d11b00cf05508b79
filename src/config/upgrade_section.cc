// routes[].upgrade: the protocols that a route's clients may switch to. Called by route_section.cc.
// Never lets HTTP/2 through: requests in a tunnel would be hidden from every rule of the file.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "config/keys.h"
#include "config/plain_text.h"
#include "config/sections.h"
#include "config/suggestion.h"

namespace weir::config {
namespace {

constexpr std::size_t kNearMiss = 3;  // edits, "web-socket" and "websockets" among them

constexpr std::string_view kUpgradeForms = "a list such as [websocket], or any, or off";

bool is_http(std::string_view name) {
  return ascii::equals_ignoring_case(name, "h2c") || ascii::equals_ignoring_case(name, "h2") ||
         ascii::equals_ignoring_case(name, "http");
}

// RFC 9110 section 7.8: a name, or a name and a version.
Parsed<std::string> parse_protocol(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view name = text.substr(0, slash);
  const bool versioned = slash != std::string_view::npos;
  if (!ascii::is_token(name) || (versioned && !ascii::is_token(text.substr(slash + 1)))) {
    return std::unexpected(
        fmt::format("'{}' is no protocol: write a name, or name/version", printable(text)));
  }
  if (is_http(name)) {
    return std::unexpected(fmt::format(
        "'{}' is never passed on: requests in such a tunnel would escape routes and limits", text));
  }
  if (text.size() > limits::kNameBytes) {
    return std::unexpected(fmt::format("a protocol has at most {} bytes, this one {}",
                                       limits::kNameBytes, text.size()));
  }
  return std::string(text);
}

void refuse_twins(Reader& reader, const Node& node) {
  for (std::size_t i = 0; i < node.entries.size(); ++i) {
    const std::string_view one = node.entries[i].value->text;
    const auto same = [&](const Entry& entry) {
      return ascii::equals_ignoring_case(entry.value->text, one);
    };
    const auto rest = node.entries.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    if (std::any_of(rest, node.entries.end(), same)) {
      reader.error(*node.entries[i].value,
                   fmt::format("'{}' is here twice (case does not count)", printable(one)));
    }
  }
}

// Any name may be somebody's protocol; one that is nearly WebSocket's hardly is.
void warn_of_near_misses(Reader& reader, const Node& node) {
  constexpr std::array<std::string_view, 1> kWebSocket = {"websocket"};
  for (const Entry& entry : node.entries) {
    const std::string_view text = entry.value->text;
    const std::string_view name = text.substr(0, text.find('/'));
    const std::size_t distance = edit_distance(name, kWebSocket[0]);
    if (distance == 0 || distance > kNearMiss) continue;
    reader.warn(*entry.value, fmt::format("'{}' is a protocol that clients hardly ask for{}",
                                          printable(text), suggestion(name, kWebSocket)));
  }
}

void read_protocols(Reader& reader, const Node& node, Upgrade& upgrade) {
  if (node.is_empty_list()) {
    reader.error(node, "an empty list passes no protocol: write upgrade: off");
    return;
  }
  if (node.entries.size() > limits::kUpgradeProtocols) {
    reader.error(node, fmt::format("{} protocols are too many: at most {}", node.entries.size(),
                                   limits::kUpgradeProtocols));
    return;
  }
  read_list_as(reader, node, upgrade.protocols, parse_protocol);
  refuse_twins(reader, node);
  warn_of_near_misses(reader, node);
}

}  // namespace

void read_upgrade(Reader& reader, const Node& node, Route& route) {
  Upgrade& upgrade = route.upgrade;
  if (is_off(node)) {
    upgrade.protocols.clear();
  } else if (node.is_scalar()) {
    read_as(reader, node, upgrade.any, [](std::string_view text) -> Parsed<bool> {
      if (text == "any") return true;
      return std::unexpected(fmt::format("'{}': expected {}", printable(text), kUpgradeForms));
    });
    if (upgrade.any) upgrade.protocols.clear();
  } else if (node.is_map()) {
    reader.error(node, fmt::format("expected {}", kUpgradeForms));
  } else {
    read_protocols(reader, node, upgrade);
  }
}

}  // namespace weir::config
