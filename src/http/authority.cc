// A hand-written matcher rather than a URI library: heads are checked on the data path, and what is
// not matched here to the byte must be refused, which libraries that repair or decode do not do.
#include "http/authority.h"

#include <cstddef>

#include <weir/address.h>

#include "base/ascii.h"

namespace weir::http {
namespace {

constexpr bool is_hex(char c) {
  return ascii::is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

// unreserved / sub-delims (RFC 3986 sections 2.2, 2.3)
constexpr bool is_name_char(char c) {
  return ascii::is_digit(c) || ascii::is_alpha(c) ||
         (c != '\0' && std::string_view("-._~!$&'()*+,;=").find(c) != std::string_view::npos);
}

bool is_registered_name(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (is_name_char(name[i])) continue;
    if (name[i] != '%' || i + 2 >= name.size()) return false;
    if (!is_hex(name[i + 1]) || !is_hex(name[i + 2])) return false;
    i += 2;
  }
  return !name.empty();
}

bool is_port(std::string_view digits) {
  unsigned port = 0;
  for (const char c : digits) {
    if (!ascii::is_digit(c)) return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
    if (port > 65535) return false;
  }
  return true;
}

}  // namespace

std::string_view host_of(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    const std::size_t bracket = text.find(']');
    return bracket == std::string_view::npos ? text : text.substr(0, bracket + 1);
  }
  return text.substr(0, text.find(':'));
}

bool is_authority(std::string_view text) {
  if (text.empty()) return false;
  const std::string_view host = host_of(text);
  const std::string_view rest = text.substr(host.size());
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return false;
  return host.front() == '[' ? parse_ip(host).has_value() : is_registered_name(host);
}

}  // namespace weir::http
