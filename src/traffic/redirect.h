// The Location of a redirecting route. A target that is only scheme and authority
// ("https://shop.example.com/", with or without the slash) is followed by the request's path and
// query; any other target is sent as it stands. What comes from the request can change neither the
// authority nor leave the field: every byte that is not visible ASCII is escaped.
#pragma once

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

  bool keeps_path() const { return keeps_path_; }

  // Appends the Location to `out`. `path` is the one the route was matched by; `query` is empty for
  // none.
  void append_location(std::string_view path, std::string_view query, Buffer& out) const;

 private:
  RedirectTarget() = default;

  std::string to_;  // without the slash at its end when keeps_path_
  bool keeps_path_ = false;
};

}  // namespace weir::traffic
