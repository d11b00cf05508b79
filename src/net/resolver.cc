// getaddrinfo() in libuv's thread pool, with a deadline of the loop: the pool may hang in a dead
// name server for as long as it likes, the caller hears of it in time.
#include "net/resolver.h"

#include <algorithm>
#include <cerrno>
#include <netdb.h>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <utility>

#include "net/loop_core.h"
#include "net/native_address.h"

namespace weir::net {
namespace {

// What needs no lookup.
std::optional<SocketAddress> literal(std::string_view host, std::uint16_t port) {
  constexpr std::string_view kUnixScheme = "unix:";
  SocketAddress address;
  if (host.starts_with(kUnixScheme)) host.remove_prefix(kUnixScheme.size());
  if (host.starts_with('/')) {
    address.unix_path = host;
    return address;
  }
  const auto ip = parse_ip(host);
  if (!ip) return {};
  address.ip = *ip;
  address.port = port;
  return address;
}

std::vector<SocketAddress> addresses_of(const addrinfo* list, std::uint16_t port) {
  std::vector<SocketAddress> result;
  for (const int family : {AF_INET, AF_INET6}) {
    for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
      if (at->ai_family != family) continue;
      SocketAddress address = from_native(at->ai_addr);
      address.port = port;
      if (std::find(result.begin(), result.end(), address) == result.end()) {
        result.push_back(std::move(address));
      }
    }
  }
  return result;
}

class SystemLookup final : public Lookup {
 public:
  SystemLookup(Loop& loop, std::uint16_t port, ResolveEvents& events)
      : loop_(loop), port_(port), events_(events) {}
  ~SystemLookup() override { abandon(); }

  void begin(const std::string& host, std::chrono::milliseconds timeout) {
    if (auto address = literal(host, port_)) {
      addresses_.push_back(*std::move(address));
    } else if (look_up(host)) {
      loop_.wheel().arm_in(deadline_, static_cast<TimeMs>(timeout.count()));
      return;
    }
    loop_.defer(outcome_known_);
  }

 private:
  struct Request {
    uv_getaddrinfo_t uv;
    SystemLookup* lookup;  // null: cancelled
  };

  bool look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    // No IPv6 addresses on a machine that has none itself (loopback does not count).
    hints.ai_flags = AI_ADDRCONFIG;
    auto request = std::make_unique<Request>();
    request->lookup = this;
    request->uv.data = request.get();
    if (uv_getaddrinfo(loop_.uv(), &request->uv, on_answer, host.c_str(), nullptr, &hints) != 0) {
      return false;
    }
    request_ = request.release();
    return true;
  }

  static void on_answer(uv_getaddrinfo_t* uv, int status, addrinfo* list) noexcept {
    const std::unique_ptr<Request> request(static_cast<Request*>(uv->data));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> answer(list, uv_freeaddrinfo);
    if (request->lookup == nullptr) return;
    SystemLookup& lookup = *request->lookup;
    lookup.request_ = nullptr;
    lookup.loop_.refresh_now();
    if (status == 0) lookup.addresses_ = addresses_of(list, lookup.port_);
    lookup.report({Errc::resolve_failed, 0});
  }

  // The last thing a lookup does: its owner may destroy it in the event. `error` counts when there
  // is no address.
  void report(Error error) {
    deadline_.cancel();
    if (addresses_.empty()) {
      events_.on_resolve_failed(error);
    } else {
      events_.on_resolved(std::move(addresses_));
    }
  }

  void expire() {
    abandon();
    report({Errc::resolve_timeout, ETIMEDOUT});
  }

  void abandon() {
    if (request_ == nullptr) return;
    request_->lookup = nullptr;
    // Succeeds only while it waits for a thread; otherwise it ends unheard.
    (void)uv_cancel(reinterpret_cast<uv_req_t*>(&request_->uv));
    request_ = nullptr;
  }

  Loop& loop_;
  const std::uint16_t port_;
  ResolveEvents& events_;
  std::vector<SocketAddress> addresses_;
  Request* request_ = nullptr;
  TimerEntry deadline_{[](void* self) { static_cast<SystemLookup*>(self)->expire(); }, this};
  Deferred outcome_known_{
      [](void* self) { static_cast<SystemLookup*>(self)->report({Errc::resolve_failed, 0}); },
      this};
};

}  // namespace

std::unique_ptr<Lookup> resolve(Loop& loop, const std::string& host, std::uint16_t port,
                                std::chrono::milliseconds timeout, ResolveEvents& events) {
  auto lookup = std::make_unique<SystemLookup>(loop, port, events);
  lookup->begin(host, timeout);
  return lookup;
}

}  // namespace weir::net
