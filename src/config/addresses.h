// Addresses and blocks of addresses as a file writes them. Used by the sections, by the check that
// no address is listened on twice, and by the dump. Pure functions of text: nothing is resolved or
// opened.
#pragma once

#include <optional>
#include <string_view>

#include <weir/address.h>

#include "config/reader.h"

namespace weir::config {

// host:port, [v6]:port or unix:/path; the host is an IP literal or a name, the port 1 to 65535.
Parsed<Address> parse_endpoint_address(std::string_view text);
// The same, but the host is an IP literal (nothing is resolved before listening) and port 0 lets
// the system choose.
Parsed<Address> parse_listen_address(std::string_view text);
// A name server: an IP literal, with a port or without (53).
Parsed<Address> parse_name_server(std::string_view text);
// The name of SRV records: _http._tcp.app.internal.
Parsed<std::string> parse_service(std::string_view text);
// What a Host field says: a name or an IP literal, with or without a port.
Parsed<std::string> parse_authority(std::string_view text);
// A host alone, a name or an IP literal.
Parsed<std::string> parse_host(std::string_view text);
// A cookie's domain, lower-cased: a name, which stands for itself and what is below it.
Parsed<std::string> parse_cookie_domain(std::string_view text);
// address/prefix or a single address; no bits set behind the prefix.
Parsed<Cidr> parse_cidr(std::string_view text);

std::string to_string(const Cidr& cidr);

// The address as bytes, when its host is a literal; two spellings of one address give the same.
std::optional<SocketAddress> literal(const Address& address);

}  // namespace weir::config
