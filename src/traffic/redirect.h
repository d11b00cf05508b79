// The Location of a redirecting route. A target that is only scheme and authority
// ("https://shop.example.com/", with or without the slash) is followed by the request's path and
// query; any other target is sent as it stands. Another kind keeps the request's host, too, and
// changes the scheme alone. What comes from the request can change neither the
// authority nor leave the field: every byte that is not visible ASCII is escaped.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/buffer.h"

namespace weir::traffic {

class RedirectTarget {
 public:
  // The error says in words what is wrong with `to`: it must be visible ASCII, and an http(s) URI
  // with a host or a path ("/new", not "//new").
  static std::expected<RedirectTarget, std::string> make(std::string_view to);

  // To https at `port` of whatever host the request asks for.
  static RedirectTarget to_https(std::uint16_t port);

  bool keeps_path() const { return keeps_path_; }
  bool keeps_host() const { return keeps_host_; }

  // Appends the Location to `out`. `host` is the request's, without a port, and not empty where the
  // target keeps it; `path` is the one the route was matched by; `query` is empty for none.
  void append_location(std::string_view host, std::string_view path, std::string_view query,
                       Buffer& out) const;

 private:
  RedirectTarget() = default;

  std::string to_;    // without the slash at its end when keeps_path_
  std::string port_;  // ":8443", behind the host that is kept; empty for https's own
  bool keeps_path_ = false;
  bool keeps_host_ = false;
};

}  // namespace weir::traffic
