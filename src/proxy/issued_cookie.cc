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

// What a response's Cache-Control and Expires fields add up to (RFC 9111 section 5).
struct CacheControl {
  bool forbids_sharing = false;  // private, no-store
  bool invites_sharing = false;  // public, s-maxage: others may be given it, if only once validated
  bool asks_validation = false;  // no-cache
  bool has_max_age = false;      // then Expires does not count
  bool is_fresh = false;         // by max-age
  bool expires = false;          // at a time, which is not compared
};

// Takes the next member off a list; commas in quoted strings separate nothing (RFC 9110 section
// 5.6). A quote that never ends begins none, and no later one does: `quotes` tells the next call.
std::string_view take_member(std::string_view& list, bool& quotes) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < list.size() && (quoted || list[end] != ','); ++end) {
    if (list[end] == '"') quoted = quotes && !quoted;
    if (quoted && list[end] == '\\') ++end;
  }
  if (quoted) {
    quotes = false;
    end = list.find(',');
  }
  const std::string_view member = list.substr(0, end);
  list.remove_prefix(end < list.size() ? end + 1 : list.size());
  return member;
}

bool names_set_cookie(std::string_view fields) {
  if (fields.starts_with('"')) fields.remove_prefix(1);
  if (fields.ends_with('"')) fields.remove_suffix(1);
  bool found = false;
  ascii::each_element(fields, [&found](std::string_view field) {
    found = ascii::equals_ignoring_case(field, "set-cookie");
    return !found;
  });
  return found;
}

// private="..." and no-cache="..." keep only the fields they name from others.
void read_directive(std::string_view directive, CacheControl& control) {
  const std::size_t equals = directive.find('=');
  const bool whole = equals == std::string_view::npos;
  const std::string_view name = ascii::trim(directive.substr(0, equals));
  const std::string_view value =
      whole ? std::string_view() : ascii::trim(directive.substr(equals + 1));
  const auto is = [name](std::string_view word) { return ascii::equals_ignoring_case(name, word); };
  if (is("no-store") || (is("private") && whole)) control.forbids_sharing = true;
  if ((is("private") || is("no-cache")) && names_set_cookie(value)) control.forbids_sharing = true;
  if (is("no-cache") && whole) control.asks_validation = true;
  if (is("public") || is("s-maxage")) control.invites_sharing = true;
  if (is("max-age") && !whole) {
    control.has_max_age = true;
    const std::size_t digit = value.find_first_not_of("\"0");
    if (digit != std::string_view::npos && ascii::is_digit(value[digit])) control.is_fresh = true;
  }
}

void read_cache_control(std::string_view list, CacheControl& control) {
  bool quotes = true;
  while (!list.empty()) read_directive(take_member(list, quotes), control);
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
    const std::string_view value = head.value(field);
    if (ascii::equals_ignoring_case(name, "cache-control")) read_cache_control(value, control);
    // "0" and "-1" are no dates and mean the past.
    if (ascii::equals_ignoring_case(name, "expires")) {
      control.expires = control.expires || (!value.empty() && ascii::is_alpha(value.front()));
    }
  }
  const bool fresh = control.has_max_age ? control.is_fresh : control.expires;
  return !control.forbids_sharing &&
         (control.invites_sharing || (fresh && !control.asks_validation));
}

}  // namespace weir::proxy
