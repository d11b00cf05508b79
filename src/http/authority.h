// The grammar of Host and of the authority in a request target (RFC 3986 section 3.2, RFC 9110
// section 4.2): a host and an optional port, no userinfo. Pure functions over borrowed text;
// nothing is decoded or looked up.
#pragma once

#include <string_view>

namespace weir::http {

// True for a non-empty registered name, IPv4 address or bracketed IPv6 address, with an optional
// port (which may be empty, and is at most 65535).
bool is_authority(std::string_view text);

// The authority without its port; brackets stay. `text` has passed is_authority() or is empty.
std::string_view host_of(std::string_view text);

}  // namespace weir::http
