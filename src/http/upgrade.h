// Switching protocols (RFC 9110 section 7.8): which of the protocols that a request asks for go on
// to the origin, and whether a 101 is an answer to what went on. Called by proxy/exchange and the
// explanations. Pure; never looks at a byte behind the heads.
#pragma once

#include <string_view>

#include <weir/config.h>

#include "http/head.h"

namespace weir::http {

// Leaves of the request's Upgrade what `allowed` lets through, and of a list with others the first
// that it does. True: something is left, and wants_upgrade() stays. Otherwise the request is one
// that never asked. Call it after drop_request_fields().
bool limit_upgrade(RequestHead& head, const config::Upgrade& allowed);
// Would anything be left?
bool passes_upgrade(const RequestHead& head, const config::Upgrade& allowed);

// Is the complete 101 an answer to the Upgrade that is left of the request? It names what the
// request asked for and nothing else, says so in Connection, and for a WebSocket proves that the
// handshake was understood (RFC 6455 section 4.2.2): a 101 that somebody let an origin echo does
// not open a tunnel.
bool answers_upgrade(const RequestHead& request, const ResponseHead& response);

}  // namespace weir::http
