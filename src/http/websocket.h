// The proof of a WebSocket handshake (RFC 6455 section 1.3): keys, and what an origin that
// understood Sec-WebSocket-Key must answer. Used by http/upgrade and http/h2_request. Pure; never
// looks into frames.
#pragma once

#include <array>
#include <string_view>

#include "base/random.h"

namespace weir::http {

struct WebsocketAccept {
  std::array<char, 28> text;
  std::string_view view() const { return {text.data(), text.size()}; }
};

struct WebsocketKey {
  std::array<char, 24> text;
  std::string_view view() const { return {text.data(), text.size()}; }
};

// A key for a handshake that Weir begins itself: 16 random bytes (RFC 6455 section 4.1). It is no
// secret; it must only be another one each time.
WebsocketKey websocket_key(Random& random);
// The Sec-WebSocket-Accept for that key.
WebsocketAccept websocket_accept(std::string_view key);

}  // namespace weir::http
