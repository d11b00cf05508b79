// One channel for all lookups, made anew when the system's settings have changed.
#include "net/resolver.h"

#include <fstream>
#include <sys/socket.h>
#include <utility>

#include "net/lookup.h"
#include "net/name_channel.h"

namespace weir::net {
namespace {

// Looked at for each lookup: an address may come after the start. Not by getifaddrs(), which needs
// a netlink socket that sandboxes forbid. A line is address, interface, prefix, scope, flags, name.
bool machine_has_ipv6() {
  constexpr std::string_view kGlobal = "00";  // unique local addresses too
  std::ifstream file("/proc/net/if_inet6");
  std::string address, interface, prefix, scope, flags, name;
  while (file >> address >> interface >> prefix >> scope >> flags >> name) {
    if (scope == kGlobal) return true;
  }
  return false;
}

int family_of(AddressFamilies families) {
  switch (families) {
    case AddressFamilies::ipv4:
      return AF_INET;
    case AddressFamilies::ipv6:
      return AF_INET6;
    case AddressFamilies::both:
      return AF_UNSPEC;
    case AddressFamilies::automatic:
      return machine_has_ipv6() ? AF_UNSPEC : AF_INET;
  }
  return AF_UNSPEC;
}

}  // namespace

Resolver::Resolver(Loop& loop, ResolverSettings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      channel_(std::make_unique<NameChannel>(loop, settings_)) {}

Resolver::~Resolver() = default;

// A question under way stays where it was asked.
NameChannel& Resolver::channel() {
  if (channel_->idle() && channel_->outdated()) {
    channel_ = std::make_unique<NameChannel>(loop_, settings_);
  }
  return *channel_;
}

std::unique_ptr<Lookup> Resolver::find_addresses(const std::string& host, ResolveEvents& events) {
  auto lookup = std::make_unique<AddressLookup>(loop_, channel(), events);
  lookup->begin(host, family_of(settings_.families), settings_.timeout);
  return lookup;
}

std::unique_ptr<Lookup> Resolver::find_service(const std::string& name, ResolveEvents& events) {
  auto lookup = std::make_unique<ServiceLookup>(loop_, channel(), events);
  lookup->begin(name, family_of(settings_.families), settings_.timeout);
  return lookup;
}

}  // namespace weir::net
