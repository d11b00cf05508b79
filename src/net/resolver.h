// Resolves names without ever blocking a loop (libuv's thread pool). IP literals and unix paths
// resolve at once, still through the event, so that callers have one path.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <weir/address.h>
#include <weir/error.h>

namespace weir::net {

class Loop;

class ResolveEvents {
 public:
  // At least one address, v4 first where both exist, duplicates removed.
  virtual void on_resolved(std::vector<SocketAddress> addresses) = 0;
  virtual void on_resolve_failed(Error error) = 0;  // resolve_failed or resolve_timeout

 protected:
  ~ResolveEvents() = default;
};

// A lookup in the making; destroying it cancels (the thread pool may finish it, nobody hears of
// it).
class Lookup {
 public:
  virtual ~Lookup() = default;
};

// `host` is a name, an IP literal, or a unix socket as "unix:/path" or "/path" (then `port` is
// unused). Never null.
std::unique_ptr<Lookup> resolve(Loop& loop, const std::string& host, std::uint16_t port,
                                std::chrono::milliseconds timeout, ResolveEvents& events);

}  // namespace weir::net
