// Listening sockets that were open before this process began: handed over by the Weir before it
// ($WEIR_SOCKETS) or opened by a service manager ($LISTEN_FDS, sd_listen_fds(3)). The supervisor
// takes them for its listeners before it opens any; what nobody takes is closed with this object.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/listener.h"

namespace weir::server {

// One socket as the variables tell of it.
struct NamedDescriptor {
  std::string name;    // of the listener, or as the service manager calls it
  bool admin = false;  // the admin API's
  int worker = 0;      // which one's, for people
  int fd = -1;
  bool owns_file = false;  // whoever has it removes the unix socket's file at its end
  bool by_name = false;    // it is the listener's whatever its address
  bool operator==(const NamedDescriptor&) const = default;
};

// "web/0=5,web/1=6,local/0=7:file,admin=8": names percent-encoded. Nothing for any other text.
std::optional<std::vector<NamedDescriptor>> parse_sockets(std::string_view variable);
std::string sockets_variable(const std::vector<NamedDescriptor>& sockets);

// LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES (null = not set). None when they are for another process.
std::vector<NamedDescriptor> parse_activation(const char* pid, const char* count, const char* names,
                                              int own_pid);

class InheritedSockets {
 public:
  struct Wanted {
    std::string_view name;
    SocketAddress address;
    bool admin = false;
  };

  InheritedSockets() = default;
  // Descriptors that are no listening sockets are left out, with a warning in the log.
  explicit InheritedSockets(const std::vector<NamedDescriptor>& descriptors);
  static InheritedSockets of_environment();

  // Those with the address; else those with the name, where the address does not contradict: a
  // listener with port 0 keeps the port it had. The one that owns a file comes first.
  std::vector<net::ListenSocket> take(const Wanted& wanted);
  // Says of those that a service manager named and nobody took that nobody answers there.
  void warn_of_rest() const;
  // The files of those nobody took stay.
  void leave_files();

 private:
  struct Entry {
    NamedDescriptor description;
    net::ListenSocket socket;
  };
  template <class Fits>
  std::vector<net::ListenSocket> take_if(Fits fits);

  std::vector<Entry> entries_;
};

}  // namespace weir::server
