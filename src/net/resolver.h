// Names to addresses, by the hosts file and by name servers, without ever blocking a loop: c-ares
// on the loop that a Resolver is made for. Used by the supervisor, which has a Resolver for as long
// as names are watched; never by a worker. Never caches: how long an answer may be believed is
// told with it.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <weir/address.h>

namespace weir::net {

class Loop;
class NameChannel;

// Which addresses are asked for. `automatic`: IPv6 only where this machine has such an address
// itself, loopback and link-local ones aside.
enum class AddressFamilies : std::uint8_t { automatic, ipv4, ipv6, both };

struct ResolverSettings {
  std::vector<SocketAddress> servers;       // empty: those of the system's resolv.conf
  std::chrono::milliseconds timeout{5000};  // of a lookup, all tries at all servers together
  AddressFamilies families = AddressFamilies::automatic;
};

// One of the addresses that a name stands for.
struct ResolvedAddress {
  SocketAddress address;       // port 0 unless a service's record gave it
  std::uint16_t priority = 0;  // of a service's record: lower ones first
  std::uint16_t weight = 0;    // of a service's record
  bool operator==(const ResolvedAddress&) const = default;
};

struct Resolved {
  // At least one, at most limits::kNameAddresses, each once. In an order of their own, whatever
  // order the name server likes today: by priority, IPv4 first, then by their bytes and ports.
  std::vector<ResolvedAddress> addresses;
  std::chrono::seconds ttl{0};  // the least of all records; 0 of the hosts file
};

struct ResolveFailure {
  enum class Kind : std::uint8_t {
    not_found,  // there is no such name, or it has no address: so says a name server
    timeout,
    failed
  };
  Kind kind = Kind::failed;
  std::string_view cause;  // in words, static
};

class ResolveEvents {
 public:
  virtual void on_resolved(Resolved answer) = 0;
  virtual void on_resolve_failed(const ResolveFailure& failure) = 0;

 protected:
  ~ResolveEvents() = default;
};

// A lookup in the making; destroying it, also in its event, ends it. No event comes from inside the
// call that begins it.
class Lookup {
 public:
  virtual ~Lookup() = default;
};

class Resolver {
 public:
  Resolver(Loop& loop, ResolverSettings settings);
  // Its lookups are gone by then.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // All addresses of a host; search domains and ndots of resolv.conf count.
  std::unique_ptr<Lookup> find_addresses(const std::string& host, ResolveEvents& events);
  // All addresses of all targets of a service's SRV records, "_http._tcp.app.internal". A target
  // that does not exist is left out; one that cannot be asked for fails the whole.
  std::unique_ptr<Lookup> find_service(const std::string& name, ResolveEvents& events);

 private:
  NameChannel& channel();

  Loop& loop_;
  const ResolverSettings settings_;
  std::unique_ptr<NameChannel> channel_;
};

}  // namespace weir::net
