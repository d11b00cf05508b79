// The proof of a WebSocket handshake (RFC 6455 section 1.3): what an origin that understood
// Sec-WebSocket-Key must answer. Used by http/upgrade. Pure; never looks into frames.
#pragma once

#include <array>
#include <string_view>

namespace weir::http {

struct WebsocketAccept {
  std::array<char, 28> text;
  std::string_view view() const { return {text.data(), text.size()}; }
};

// The Sec-WebSocket-Accept for that key.
WebsocketAccept websocket_accept(std::string_view key);

}  // namespace weir::http
