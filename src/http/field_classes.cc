// The classes of fields as switches over ids, so that a new row in field_names.def is in none until
// somebody decides. Names without an id are compared as text; that happens for trailers and for
// names with underscores alone.
#include "http/field_classes.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/ascii.h"

namespace weir::http {
namespace {

// Fields that decide framing, routing, or who the client is said to be.
bool is_guarded(FieldId id) {
  switch (id) {
    case FieldId::client_cert:
    case FieldId::client_cert_chain:
    case FieldId::content_length:
    case FieldId::expect:
    case FieldId::forwarded:
    case FieldId::host:
    case FieldId::max_forwards:
    case FieldId::via:
    case FieldId::x_client_cert_subject:
    case FieldId::x_forwarded_for:
    case FieldId::x_forwarded_host:
    case FieldId::x_forwarded_proto:
    case FieldId::x_real_ip:
    case FieldId::x_request_id:
      return true;
    default:
      return is_hop_by_hop(id);
  }
}

// Fields of the other kinds that RFC 9110 section 6.5.1 keeps out of trailers; they have no id.
constexpr std::array<std::string_view, 25> kHeadOnly = {
    "Age",
    "Authorization",
    "Cache-Control",
    "Content-Encoding",
    "Content-Language",
    "Content-Location",
    "Content-Range",
    "Expires",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Pragma",
    "Range",
    "Retry-After",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Version",
    "Set-Cookie",
    "Vary",
    "Warning",
    "WWW-Authenticate",
};

}  // namespace

bool is_hop_by_hop(FieldId id) {
  switch (id) {
    case FieldId::connection:
    case FieldId::http2_settings:
    case FieldId::keep_alive:
    case FieldId::proxy_authenticate:
    case FieldId::proxy_authorization:
    case FieldId::proxy_connection:
    case FieldId::te:
    case FieldId::transfer_encoding:
    case FieldId::upgrade:
      return true;
    default:
      return false;
  }
}

bool is_connection_specific(FieldId id) {
  return id != FieldId::te && id != FieldId::proxy_authenticate &&
         id != FieldId::proxy_authorization && is_hop_by_hop(id);
}

bool is_x_forwarded(std::string_view name) {
  constexpr std::string_view kPrefix = "X-Forwarded-";
  return name.size() > kPrefix.size() &&
         ascii::equals_ignoring_case(name.substr(0, kPrefix.size()), kPrefix);
}

bool is_underscore_twin(std::string_view name) {
  if (name.find('_') == std::string_view::npos) return false;
  while (!name.empty() && name.front() == '_') name.remove_prefix(1);
  while (!name.empty() && name.back() == '_') name.remove_suffix(1);
  constexpr std::size_t kLongestGuarded = 32;
  if (name.size() > kLongestGuarded) return false;
  std::array<char, kLongestGuarded> dashed;
  std::replace_copy(name.begin(), name.end(), dashed.begin(), '_', '-');
  const std::string_view reading(dashed.data(), name.size());
  return is_guarded(field_id(reading)) || is_x_forwarded(reading);
}

bool is_forbidden_trailer(FieldId id, std::string_view name) {
  if (is_guarded(id) || id == FieldId::content_type || id == FieldId::cookie ||
      id == FieldId::date || id == FieldId::location || id == FieldId::trailer ||
      id == FieldId::traceparent || id == FieldId::tracestate) {
    return true;
  }
  if (id != FieldId::other) return false;
  if (is_x_forwarded(name) || is_underscore_twin(name)) return true;
  return std::ranges::any_of(kHeadOnly, [name](std::string_view known) {
    return ascii::equals_ignoring_case(name, known);
  });
}

}  // namespace weir::http
