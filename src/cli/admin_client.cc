// Finds a running weir and asks it, with plain blocking sockets and the proxy's own response
// parser.
#include "cli/admin_client.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "config/loader.h"
#include "http/h1_parser.h"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::string could_not(std::string_view what, const std::string& address) {
  return fmt::format("{} {}: {} (is weir running there? --admin ADDRESS names another place)", what,
                     address, std::strerror(errno));
}

std::expected<Socket, std::string> connect_unix(const std::string& address) {
  const std::string path = address.substr(5);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.size() >= sizeof to.sun_path)
    return std::unexpected("the socket's path is too long: " + address);
  std::memcpy(to.sun_path, path.data(), path.size());
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(socket.fd(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    return std::unexpected(could_not("cannot connect to", address));
  }
  return socket;
}

std::expected<Socket, std::string> connect_tcp(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos)
    return std::unexpected("not an address: " + address + " (host:port or unix:/path)");
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found);
      failed != 0) {
    return std::unexpected(fmt::format("{}: {}", address, gai_strerror(failed)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, freeaddrinfo);
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    Socket socket(::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(socket.fd(), at->ai_addr, at->ai_addrlen) == 0) return socket;
  }
  return std::unexpected(could_not("cannot connect to", address));
}

bool send_all(const Socket& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(socket.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// The answer of a running weir, or whatever else answers at that address.
std::expected<AdminReply, std::string> judge(int status, const std::string& body,
                                             const std::string& address) {
  AdminReply reply{.status = status, .document = Json::parse(body, nullptr, false), .refusal = {}};
  const Json& json = reply.document;
  if (status / 100 == 2) {
    if (json.is_discarded()) return std::unexpected(address + " is not a weir admin address");
    return reply;
  }
  const bool ours = json.is_object() && json.contains("error") && json["error"].is_string();
  reply.refusal = fmt::format("{} answered {}: {}", address, status,
                              ours ? json["error"].get<std::string>() : body);
  return reply;
}

std::expected<AdminReply, std::string> read_answer(const Socket& socket,
                                                   const std::string& address) {
  http::ResponseHead head;
  http::H1ResponseParser parser;
  parser.reset(head, http::Method::get, {});
  std::string body;
  char bytes[16 * 1024];
  for (;;) {
    const ssize_t n = recv(socket.fd(), bytes, sizeof bytes, 0);
    if (n <= 0) return std::unexpected(could_not("no whole answer from", address));
    std::string_view rest(bytes, static_cast<std::size_t>(n));
    while (!rest.empty()) {
      const http::ParseStep step = parser.feed(rest);
      rest.remove_prefix(step.consumed);
      for (std::string_view run : step.content) body += run;
      if (step.error) return std::unexpected(address + " does not speak HTTP");
      if (step.complete) return judge(head.status(), body, address);
    }
  }
}

std::expected<std::string, std::string> address_of(const AdminTarget& target) {
  if (!target.admin.empty()) return target.admin;
  if (!target.file.empty()) {
    const config::AdminPlace found = config::find_admin(target.file);
    if (!found.errors.empty()) return std::unexpected(to_string(found.errors.front()));
    if (!found.admin.enabled) return std::unexpected(target.file + " switches the admin API off");
    return config::to_string(found.admin.address);
  }
  const char* from_environment = std::getenv("WEIR_ADMIN");
  return from_environment != nullptr ? from_environment : "127.0.0.1:9901";
}

std::string compose(const AdminQuery& query, const std::string& address) {
  std::string request =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", query.method, query.path,
                  address.starts_with("unix:") ? "localhost" : address);
  if (const char* token = std::getenv("WEIR_TOKEN"))
    request += fmt::format("Authorization: Bearer {}\r\n", token);
  if (!query.actor.empty()) request += fmt::format("X-Weir-Actor: {}\r\n", query.actor);
  if (!query.body.empty()) {
    request +=
        fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", query.body.size());
  }
  return request.append("\r\n").append(query.body);
}

}  // namespace

std::expected<AdminReply, std::string> ask_admin_whole(const AdminTarget& target,
                                                       const AdminQuery& query) {
  const auto address = address_of(target);
  if (!address) return std::unexpected(address.error());
  if (const auto scheme = address->find("://"); scheme != std::string::npos) {
    return std::unexpected(fmt::format("not an address: {} (write {}; or unix:/path)", *address,
                                       address->substr(scheme + 3)));
  }
  auto socket = address->starts_with("unix:") ? connect_unix(*address) : connect_tcp(*address);
  if (!socket) return std::unexpected(socket.error());
  const timeval timeout{query.patience.count(), 0};
  setsockopt(socket->fd(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  if (!send_all(*socket, compose(query, *address)))
    return std::unexpected(could_not("cannot send to", *address));
  return read_answer(*socket, *address);
}

std::expected<Json, std::string> ask_admin(const AdminTarget& target, const AdminQuery& query) {
  auto reply = ask_admin_whole(target, query);
  if (!reply) return std::unexpected(std::move(reply.error()));
  if (reply->status / 100 != 2) return std::unexpected(std::move(reply->refusal));
  return std::move(reply->document);
}

}  // namespace weir::cli
