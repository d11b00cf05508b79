// What a balancer's key is made of, for a given request: the client's address, a header, a cookie
// or the path.
#pragma once

#include <weir/address.h>
#include <weir/balancer.h>
#include <weir/config.h>

#include "http/head.h"

namespace weir::proxy {

// A missing header or cookie leaves the context without a key. ip_hash and hashes with no source of
// their own use the client's address (after trusted_proxies).
PickContext pick_key(const config::Balance& balance, const http::RequestHead& request,
                     const IpAddress& client);

}  // namespace weir::proxy
