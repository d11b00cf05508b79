// Which fields are more than payload to a proxy: hop-by-hop ones, those that must not be smuggled
// under a name with underscores, and those that mean nothing good in a trailer section. Pure
// tables; used by the rules and by forwarding.
#pragma once

#include <string_view>

#include "http/head.h"

namespace weir::http {

// Fields about one connection only, never forwarded as received (RFC 9110 section 7.6.1): whatever
// of them the next hop needs is written anew.
bool is_hop_by_hop(FieldId id);

// Those of them that a message of HTTP/2 must not have (RFC 9113 section 8.2.2); TE may be there.
bool is_connection_specific(FieldId id);

// X-Forwarded-For and all others of that family, known by id or not.
bool is_x_forwarded(std::string_view name);

// True when an origin that reads '_' as '-' (CGI and kin do) would take `name` for a framing,
// forwarding or hop-by-hop field: content_length, x-forwarded_for, host_. Names without an
// underscore are never twins.
bool is_underscore_twin(std::string_view name);

// Framing, routing, authentication, forwarding and request-control fields, which a trailer section
// must not carry (RFC 9110 section 6.5.1), and the twins of such.
bool is_forbidden_trailer(FieldId id, std::string_view name);

}  // namespace weir::http
