// Composes Set-Cookie, and reads Cache-Control as a shared cache would. Allocates nothing once its
// buffer has grown.
#include "proxy/issued_cookie.h"

#include <charconv>

#include "base/ascii.h"

namespace weir::proxy {
namespace {

std::string_view name_of(config::SameSite same_site) {
  switch (same_site) {
    case config::SameSite::lax:
      return "Lax";
    case config::SameSite::strict:
      return "Strict";
    case config::SameSite::none:
      break;
  }
  return "None";
}

// What the directives of one or more Cache-Control fields add up to.
struct CacheControl {
  bool forbids_sharing = false;  // private, no-store, no-cache
  bool invites_sharing = false;  // public, s-maxage, or fresh for a while
};

void read_directive(std::string_view directive, CacheControl& control) {
  const std::size_t equals = directive.find('=');
  const std::string_view name = ascii::trim(directive.substr(0, equals));
  const auto is = [&](std::string_view word) { return ascii::equals_ignoring_case(name, word); };
  if (is("private") || is("no-store") || is("no-cache")) control.forbids_sharing = true;
  if (is("public") || is("s-maxage")) control.invites_sharing = true;
  if (is("max-age") && equals != std::string_view::npos) {
    std::string_view age = ascii::trim(directive.substr(equals + 1));
    if (age.starts_with('"')) age.remove_prefix(1);
    control.invites_sharing = control.invites_sharing || age.find_first_of("123456789") == 0;
  }
}

}  // namespace

void write_set_cookie(const config::IssuedCookie& settings, const traffic::IssuedId& id, bool tls,
                      Buffer& out) {
  out.append(settings.name);
  out.append('=');
  out.append({id.data(), id.size()});
  out.append("; Path=");
  out.append(settings.path);
  if (!settings.domain.empty()) {
    out.append("; Domain=");
    out.append(settings.domain);
  }
  if (settings.max_age.count() > 0) {
    char digits[24];
    const auto seconds = settings.max_age.count() / 1000;
    const auto end = std::to_chars(digits, digits + sizeof digits, seconds).ptr;
    out.append("; Max-Age=");
    out.append({digits, end});
  }
  using config::SecureCookie;
  if (settings.secure == SecureCookie::always || (settings.secure == SecureCookie::on_tls && tls)) {
    out.append("; Secure");
  }
  if (settings.http_only) out.append("; HttpOnly");
  out.append("; SameSite=");
  out.append(name_of(settings.same_site));
}

bool is_publicly_cacheable(const http::ResponseHead& head) {
  CacheControl control;
  for (const http::Field& field : head.fields()) {
    const std::string_view name = head.name(field);
    if (ascii::equals_ignoring_case(name, "expires")) control.invites_sharing = true;
    if (!ascii::equals_ignoring_case(name, "cache-control")) continue;
    std::string_view rest = head.value(field);
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      read_directive(rest.substr(0, comma), control);
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
  }
  return control.invites_sharing && !control.forbids_sharing;
}

}  // namespace weir::proxy
