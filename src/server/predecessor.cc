// Two descriptors that the environment names: where stderr really goes, and where our word goes.
#include "server/predecessor.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <unistd.h>

#include <weir/limits.h>

#include "net/secret_file.h"
#include "server/upgrade_words.h"

namespace weir::server {
namespace {

constexpr std::size_t kTicketKeysMost = 4096;

// -1: the variable is not set, or names no open descriptor beyond the three usual ones.
int descriptor_in(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return -1;
  const std::string_view text(value);
  int fd = -1;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), fd);
  if (failure != std::errc() || end != text.data() + text.size() || fd <= STDERR_FILENO) return -1;
  return ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? fd : -1;
}

}  // namespace

bool has_predecessor() {
  return descriptor_in("WEIR_READY_FD") >= 0;
}

void tell_predecessor() {
  const int stderr_fd = descriptor_in("WEIR_STDERR_FD");
  const int ready_fd = descriptor_in("WEIR_READY_FD");
  if (stderr_fd >= 0) {
    ::dup2(stderr_fd, STDERR_FILENO);
    ::close(stderr_fd);
  }
  if (ready_fd < 0) return;
  // Nobody there to read it: then there is nobody to drain either.
  const char serving = upgrade_words::kServing;
  if (::write(ready_fd, &serving, 1) < 0) {
  }
  ::close(ready_fd);
}

std::string ticket_keys_of_predecessor() {
  const int fd = descriptor_in("WEIR_TICKET_KEYS_FD");
  return fd < 0 ? std::string() : net::take_secret(fd, kTicketKeysMost);
}

std::string settings_of_predecessor() {
  const int fd = descriptor_in("WEIR_SETTINGS_FD");
  return fd < 0 ? std::string() : net::take_secret(fd, limits::kHandedSettingsBytes);
}

bool ask_predecessor() {
  const int ready_fd = descriptor_in("WEIR_READY_FD");
  if (ready_fd < 0 || std::getenv("WEIR_SETTINGS_FD") == nullptr) return true;
  const char prepared = upgrade_words::kPrepared;
  if (::write(ready_fd, &prepared, 1) < 0) return true;  // it is gone: nobody else serves
  pollfd waiting{.fd = ready_fd, .events = POLLIN, .revents = 0};
  int ready = -1;
  do {
    ready = ::poll(&waiting, 1, static_cast<int>(limits::kUpgradeTimeout.count()));
  } while (ready < 0 && errno == EINTR);
  if (ready != 1) return false;
  char answer = 0;
  return ::read(ready_fd, &answer, 1) <= 0 || answer == upgrade_words::kServe;  // or it is gone
}

}  // namespace weir::server
