// What one pass over the fields of a complete head finds out for the rules: which fields are there
// how often, and what Connection, TE and Upgrade list. Shared by requests and responses; refuses
// nothing but a bad framing declaration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <weir/error.h>

#include "http/head.h"

namespace weir::http {

struct FieldFacts {
  const Field* host = nullptr;  // the first of each, as are the next two
  const Field* content_length = nullptr;
  const Field* transfer_encoding = nullptr;
  const Field* expect = nullptr;
  unsigned hosts = 0;
  unsigned content_lengths = 0;
  unsigned transfer_encodings = 0;
  unsigned expects = 0;
  std::size_t connection_options = 0;
  bool says_close = false;  // in Connection, as are the next two
  bool says_keep_alive = false;
  bool says_upgrade = false;
  bool has_upgrade = false;  // an Upgrade field that offers something other than HTTP/2
  bool te_trailers = false;
};
FieldFacts gather_facts(const Head& head);
// Is it a protocol of Upgrade that stands for HTTP itself, as h2c does? Never forwarded (RFC 9113
// section 3.1 deprecates it, and a tunnel would hide requests from the proxy).
bool names_http(std::string_view protocol);

// What Content-Length and Transfer-Encoding declare (RFC 9112 sections 6.1 to 6.3), before method
// or status overrule it. `error` is bad_framing, or unknown_coding for transfer codings other than
// chunked.
struct DeclaredFraming {
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;
  Errc error = Errc::none;
};
DeclaredFraming declared_framing(const Head& head, const FieldFacts& facts);

// RFC 9112 section 9.3, for a message with that version and those Connection options.
bool persists(const FieldFacts& facts, int minor_version);

}  // namespace weir::http
