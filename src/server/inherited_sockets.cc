// Reading the variables and matching what they name with what a configuration wants. A socket goes
// by its address, so that a listener whose name changed keeps its connections.
#include "server/inherited_sockets.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <unistd.h>
#include <utility>

#include "observe/log.h"
#include "server/percent.h"

namespace weir::server {
namespace {

constexpr int kFirstActivatedFd = 3;  // SD_LISTEN_FDS_START
constexpr int kActivatedMost = 1024;
constexpr std::string_view kOwnsFile = "file";
constexpr std::string_view kByName = "named";

std::optional<int> number_in(std::string_view text) {
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < 0) return {};
  return value;
}

// What comes before `mark`, which is taken off with it; everything when there is none.
std::string_view take_up_to(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

std::optional<NamedDescriptor> parse_socket(std::string_view text) {
  NamedDescriptor socket;
  std::string_view name = take_up_to(text, '=');
  socket.admin = name.find('/') == std::string_view::npos;
  socket.name = percent_decoded(take_up_to(name, '/'));
  const auto worker = socket.admin ? 0 : number_in(name);
  const auto fd = number_in(take_up_to(text, ':'));
  if (!worker || !fd || socket.name.empty()) return {};
  socket.worker = *worker;
  socket.fd = *fd;
  while (!text.empty()) {
    const std::string_view mark = take_up_to(text, ':');
    if (mark != kOwnsFile && mark != kByName) return {};
    (mark == kOwnsFile ? socket.owns_file : socket.by_name) = true;
  }
  return socket;
}

}  // namespace

std::optional<std::vector<NamedDescriptor>> parse_sockets(std::string_view variable) {
  std::vector<NamedDescriptor> sockets;
  while (!variable.empty()) {
    auto socket = parse_socket(take_up_to(variable, ','));
    if (!socket) return {};
    sockets.push_back(*std::move(socket));
  }
  return sockets;
}

std::string sockets_variable(const std::vector<NamedDescriptor>& sockets) {
  std::string text;
  for (const NamedDescriptor& socket : sockets) {
    if (!text.empty()) text += ',';
    text += percent_encoded(socket.name);
    if (!socket.admin) text += fmt::format("/{}", socket.worker);
    text += fmt::format("={}", socket.fd);
    if (socket.owns_file) text.append(":").append(kOwnsFile);
    if (socket.by_name) text.append(":").append(kByName);
  }
  return text;
}

std::vector<NamedDescriptor> parse_activation(const char* pid, const char* count, const char* names,
                                              int own_pid) {
  if (pid == nullptr || count == nullptr || number_in(pid) != own_pid) return {};
  const int sockets = std::min(number_in(count).value_or(0), kActivatedMost);
  std::string_view rest = names == nullptr ? "" : names;
  std::vector<NamedDescriptor> found;
  for (int i = 0; i < sockets; ++i) {
    found.push_back(
        {.name = std::string(take_up_to(rest, ':')), .fd = kFirstActivatedFd + i, .by_name = true});
  }
  return found;
}

InheritedSockets::InheritedSockets(const std::vector<NamedDescriptor>& descriptors) {
  for (const NamedDescriptor& each : descriptors) {
    auto socket = net::ListenSocket::adopt(each.fd, each.owns_file);
    if (socket) {
      entries_.push_back({each, *std::move(socket)});
    } else {
      observe::log_warn("inherited descriptor {} ({}) is no listening socket", each.fd, each.name);
    }
  }
}

void InheritedSockets::warn_of_rest() const {
  for (const Entry& entry : entries_) {
    if (!entry.description.by_name) continue;
    observe::log_warn(
        "the socket '{}' of the service manager, {}, is no listener's: nobody "
        "answers there; FileDescriptorName= is to be the name of a listener",
        entry.description.name, to_string(entry.socket.address()));
  }
}

InheritedSockets InheritedSockets::of_environment() {
  std::vector<NamedDescriptor> found =
      parse_activation(std::getenv("LISTEN_PID"), std::getenv("LISTEN_FDS"),
                       std::getenv("LISTEN_FDNAMES"), ::getpid());
  if (const char* variable = std::getenv("WEIR_SOCKETS")) {
    const auto handed = parse_sockets(variable);
    if (!handed) observe::log_warn("WEIR_SOCKETS is not understood: {}", variable);
    if (handed) found.insert(found.end(), handed->begin(), handed->end());
  }
  return InheritedSockets(found);
}

void InheritedSockets::leave_files() {
  for (Entry& entry : entries_) entry.socket.leave_file();
}

template <class Fits>
std::vector<net::ListenSocket> InheritedSockets::take_if(Fits fits) {
  std::vector<net::ListenSocket> taken;
  std::vector<Entry> left;
  for (Entry& entry : entries_) {
    if (!fits(entry)) {
      left.push_back(std::move(entry));
    } else if (entry.socket.owns_file()) {
      taken.insert(taken.begin(), std::move(entry.socket));
    } else {
      taken.push_back(std::move(entry.socket));
    }
  }
  entries_ = std::move(left);
  return taken;
}

std::vector<net::ListenSocket> InheritedSockets::take(const Wanted& wanted) {
  auto taken =
      take_if([&](const Entry& entry) { return entry.socket.address() == wanted.address; });
  if (!taken.empty()) return taken;
  return take_if([&](const Entry& entry) {
    const NamedDescriptor& it = entry.description;
    if (it.name != wanted.name) return false;
    const SocketAddress& address = entry.socket.address();
    const bool any_port = !wanted.address.is_unix() && wanted.address.port == 0 &&
                          !address.is_unix() && address.ip == wanted.address.ip;
    return it.by_name || (any_port && it.admin == wanted.admin);
  });
}

}  // namespace weir::server
