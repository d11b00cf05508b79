// A channel's sockets and its clock. The blocks that libuv watches sockets with outlive the channel
// by a turn, as every handle does: they belong to their close callbacks.
#include "net/name_channel.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <sys/time.h>
#include <vector>

#include "net/loop_core.h"

namespace weir::net {
namespace {

constexpr const char* kSystemFile = "/etc/resolv.conf";
constexpr int kTries = 3;  // at each server
// Of a lookup's time: with tries that take twice as long each, the third ends within it.
constexpr int kFirstTryPart = 7;

bool prepare_library() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  return status == ARES_SUCCESS;
}

std::string csv_of(const std::vector<SocketAddress>& servers) {
  std::string csv;
  for (const SocketAddress& server : servers) {
    if (!csv.empty()) csv += ',';
    csv += to_string(server);
  }
  return csv;
}

struct stat state_of_system_file() {
  struct stat state{};
  (void)::stat(kSystemFile, &state);  // none: all zeroes
  return state;
}

}  // namespace

struct NameChannel::SocketWatch {
  uv_poll_t poll;
  NameChannel* channel;  // null: closing
  ares_socket_t fd;
};

NameChannel::NameChannel(Loop& loop, const ResolverSettings& settings)
    : loop_(loop),
      system_file_(state_of_system_file()),
      deadline_(
          [](void* self) {
            static_cast<NameChannel*>(self)->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
          },
          this) {
  if (!prepare_library()) {
    status_ = ARES_ENOTINITIALIZED;
    return;
  }
  open(settings);
}

void NameChannel::open(const ResolverSettings& settings) {
  char lookups[] = "fb";  // the hosts file, then name servers
  ares_options options{};
  options.timeout = std::max(1, static_cast<int>(settings.timeout.count()) / kFirstTryPart);
  options.tries = kTries;
  options.lookups = lookups;
  options.sock_state_cb = on_socket_state;
  options.sock_state_cb_data = this;
  int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
#ifdef ARES_OPT_QUERY_CACHE
  options.qcache_max_ttl = 0;  // or an answer would be believed for longer than max_ttl says
  mask |= ARES_OPT_QUERY_CACHE;
#endif
  // c-ares before 1.20 takes "search .", which systemd-resolved writes, for a domain and then finds
  // no name at all.
  std::vector<char*> domains;
  ares_options system{};
  int system_mask = 0;
  if ((status_ = ares_init_options(&channel_, &options, mask)) != ARES_SUCCESS) return;
  if (ares_save_options(channel_, &system, &system_mask) == ARES_SUCCESS) {
    for (int i = 0; i < system.ndomains; ++i) {
      if (std::string_view(system.domains[i]) != ".") domains.push_back(system.domains[i]);
    }
    if (domains.size() != static_cast<std::size_t>(system.ndomains)) {
      ares_destroy(channel_);
      channel_ = nullptr;
      options.domains = domains.data();
      options.ndomains = static_cast<int>(domains.size());
      status_ = ares_init_options(&channel_, &options, mask | ARES_OPT_DOMAINS);
    }
    ares_destroy_options(&system);
  }
  if (status_ != ARES_SUCCESS || settings.servers.empty()) return;
  status_ = ares_set_servers_ports_csv(channel_, csv_of(settings.servers).c_str());
}

NameChannel::~NameChannel() {
  deadline_.cancel();
  if (channel_ != nullptr) ares_destroy(channel_);
  while (!watches_.empty()) unwatch(watches_.begin()->first);
}

bool NameChannel::outdated() const {
  const struct stat now = state_of_system_file();
  return now.st_ino != system_file_.st_ino || now.st_size != system_file_.st_size ||
         now.st_mtim.tv_sec != system_file_.st_mtim.tv_sec ||
         now.st_mtim.tv_nsec != system_file_.st_mtim.tv_nsec;
}

void NameChannel::watch_deadline() {
  timeval left{};
  if (ares_timeout(channel_, nullptr, &left) == nullptr) {
    deadline_.cancel();
    return;
  }
  // Rounded up: a moment early would find nothing due.
  const auto ms = left.tv_sec * 1000 + left.tv_usec / 1000 + 1;
  loop_.wheel().arm_in(deadline_, static_cast<TimeMs>(ms));
}

void NameChannel::process(ares_socket_t readable, ares_socket_t writable) {
  ares_process_fd(channel_, readable, writable);
  watch_deadline();
}

void NameChannel::on_socket_state(void* self, ares_socket_t fd, int readable, int writable) {
  auto& channel = *static_cast<NameChannel*>(self);
  const int events = (readable != 0 ? UV_READABLE : 0) | (writable != 0 ? UV_WRITABLE : 0);
  if (events == 0) {
    channel.unwatch(fd);
  } else {
    channel.watch(fd, events);
  }
}

void NameChannel::watch(ares_socket_t fd, int events) {
  SocketWatch*& watch = watches_[fd];
  if (watch == nullptr) {
    auto made = std::make_unique<SocketWatch>();
    made->channel = this;
    made->fd = fd;
    made->poll.data = made.get();
    if (uv_poll_init(loop_.uv(), &made->poll, fd) != 0) {
      watches_.erase(fd);  // unheard: the question ends by its deadline
      return;
    }
    watch = made.release();
  }
  uv_poll_start(&watch->poll, events, [](uv_poll_t* poll, int status, int happened) {
    const auto& seen = *static_cast<SocketWatch*>(poll->data);
    if (seen.channel == nullptr) return;
    NameChannel& channel = *seen.channel;
    channel.loop_.refresh_now();
    // An error is found out by reading and by writing.
    const bool read = status < 0 || (happened & UV_READABLE) != 0;
    const bool write = status < 0 || (happened & UV_WRITABLE) != 0;
    const ares_socket_t socket = seen.fd;
    channel.process(read ? socket : ARES_SOCKET_BAD, write ? socket : ARES_SOCKET_BAD);
  });
}

void NameChannel::unwatch(ares_socket_t fd) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  SocketWatch* watch = found->second;
  watches_.erase(found);
  watch->channel = nullptr;
  uv_poll_stop(&watch->poll);  // c-ares closes the socket next
  uv_close(reinterpret_cast<uv_handle_t*>(&watch->poll),
           [](uv_handle_t* handle) { delete static_cast<SocketWatch*>(handle->data); });
}

}  // namespace weir::net
