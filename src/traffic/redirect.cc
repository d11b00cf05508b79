// Checking redirect targets and joining them with a request's path.
#include "traffic/redirect.h"

#include <algorithm>

#include "base/ascii.h"
#include "traffic/escape.h"

namespace weir::traffic {
namespace {

constexpr bool is_visible(char c) {
  return c > ' ' && c < '\x7f';
}

void append_visible(std::string_view text, Buffer& out) {
  for (const char c : text) {
    if (is_visible(c)) {
      out.append(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append('%');
    out.append(kUpperHex[byte >> 4]);
    out.append(kUpperHex[byte & 15]);
  }
}

// Where the authority begins, 0 when this is no http URI.
std::size_t authority_of(std::string_view to) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (ascii::equals_ignoring_case(to.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

}  // namespace

std::expected<RedirectTarget, std::string> RedirectTarget::make(std::string_view to) {
  if (!std::all_of(to.begin(), to.end(), is_visible)) {
    return std::unexpected("redirect: only visible ASCII can stand in a Location");
  }
  RedirectTarget target;
  target.to_ = to;
  const std::size_t authority = authority_of(to);
  if (authority == 0) {
    if (to.starts_with('/') && !to.starts_with("//")) return target;
    return std::unexpected("redirect: '" + target.to_ +
                           "' is neither an http:// or https:// address nor a path");
  }
  const std::size_t end = std::min(to.find_first_of("/?#", authority), to.size());
  if (end == authority) return std::unexpected("redirect: '" + target.to_ + "' names no host");
  if (to.substr(authority, end - authority).find_first_of("${}%") != std::string_view::npos) {
    return std::unexpected("redirect: '" + target.to_ +
                           "' has a variable for a host; there are none, name the host");
  }
  const std::string_view rest = to.substr(end);
  target.keeps_path_ = rest.empty() || rest == "/";
  if (target.keeps_path_) target.to_.resize(end);
  return target;
}

RedirectTarget RedirectTarget::to_https(std::uint16_t port) {
  constexpr std::uint16_t kHttps = 443;
  RedirectTarget target;
  target.to_ = "https://";
  if (port != kHttps) target.port_ = ":" + std::to_string(port);
  target.keeps_path_ = target.keeps_host_ = true;
  return target;
}

void RedirectTarget::append_location(std::string_view host, std::string_view path,
                                     std::string_view query, Buffer& out) const {
  out.append(to_);
  if (keeps_host_) {
    append_visible(host, out);
    out.append(port_);
  }
  if (!keeps_path_) return;
  if (path.starts_with('/')) {
    append_visible(path, out);
  } else {
    out.append('/');  // OPTIONS * has no path
  }
  if (query.empty()) return;
  out.append('?');
  append_visible(query, out);
}

}  // namespace weir::traffic
