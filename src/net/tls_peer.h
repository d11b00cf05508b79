// The certificate that a client has proved, as origins are told of it: the values of fields, made
// once for a connection and sent with each of its requests.
#pragma once

#include <memory>
#include <string>

struct ssl_st;

namespace weir::net {

struct TlsPeer {
  std::string certificate;  // RFC 9440 section 2.2: a Byte Sequence of its DER
  std::string chain;        // section 2.3: a list of those sent with it, the root's end last;
                            // empty = none, too long, or the session was resumed
  std::string subject;      // RFC 4514, in ASCII: "CN=client,O=Example"
};

// Null when the peer showed none.
std::unique_ptr<const TlsPeer> describe_peer(const ssl_st* ssl);

}  // namespace weir::net
