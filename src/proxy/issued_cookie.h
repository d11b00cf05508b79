// The cookie that gives a user an id to be recognised by (RFC 6265). Text only; the exchange
// decides when, and sends it.
#pragma once

#include <weir/config.h>

#include "base/buffer.h"
#include "http/head.h"
#include "traffic/split_key.h"

namespace weir::proxy {

// Appends the value of a Set-Cookie field. `tls`: the client's side is encrypted.
void write_set_cookie(const config::IssuedCookie& settings, const traffic::IssuedId& id, bool tls,
                      Buffer& out);

// Does the response say that caches may give it to others (RFC 9111 sections 3 and 4.2.1)? A cookie
// on it would give everybody the same id.
bool is_publicly_cacheable(const http::ResponseHead& head);

}  // namespace weir::proxy
