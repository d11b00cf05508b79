// The request rules for heads that came by HTTP/2: what RFC 9113 section 8.3.1 and RFC 8441 say of
// pseudo-header fields instead of a start line, and everything of HTTP/1's that goes for both.
#include <llhttp.h>

#include "base/ascii.h"
#include "http/authority.h"
#include "http/field_classes.h"
#include "http/request_rules.h"

namespace weir::http {
namespace {

struct NamedMethod {
  std::string_view name;
  std::uint8_t number;
};
constexpr NamedMethod kMethods[] = {
#define WEIR_METHOD(number, name, text) {#text, HTTP_##name},
    HTTP_METHOD_MAP(WEIR_METHOD)
#undef WEIR_METHOD
};

// RFC 9110 section 7.8: one name, with or without a version.
bool is_protocol(std::string_view text) {
  const std::size_t slash = text.find('/');
  return ascii::is_token(text.substr(0, slash)) &&
         (slash == std::string_view::npos || ascii::is_token(text.substr(slash + 1)));
}

}  // namespace

Errc RequestRules::apply_h2(const H2Pseudo& pseudo, UnderscorePolicy underscores) {
  if (const Errc code = check_h2_method(pseudo.has_protocol); code != Errc::none) return code;
  const std::string_view scheme = head_.view(pseudo.scheme);
  const bool known_scheme =
      ascii::equals_ignoring_case(scheme, "https") || ascii::equals_ignoring_case(scheme, "http");
  if (!pseudo.has_scheme || !known_scheme || !pseudo.has_path) return Errc::bad_target;
  if (pseudo.has_protocol && !pseudo.has_authority) return Errc::bad_host;
  facts_ = gather_facts(head_);
  for (const Field& field : head_.fields()) {
    if (is_connection_specific(field.id)) return Errc::bad_field;
    const bool odd_te =
        field.id == FieldId::te && !ascii::equals_ignoring_case(head_.value(field), "trailers");
    if (odd_te) return Errc::bad_field;
  }
  if (const Errc code = check_fields(underscores); code != Errc::none) return code;
  if (const Errc code = check_h2_authority(pseudo.has_authority); code != Errc::none) return code;
  if (const Errc code = check_h2_path(); code != Errc::none) return code;
  const Errc framing = pseudo.has_protocol ? check_h2_tunnel(head_.view(pseudo.protocol))
                                           : check_h2_framing(pseudo.has_content);
  if (framing != Errc::none) return framing;
  return check_expectation();
}

// The methods that the HTTP/1 side takes, so that it makes no difference how one comes; and CONNECT
// with a protocol, which no other method has (RFC 8441 section 4).
Errc RequestRules::check_h2_method(bool has_protocol) {
  const std::string_view name = head_.method_name();
  if (has_protocol) return name == "CONNECT" ? Errc::none : Errc::malformed_request;
  for (const NamedMethod& known : kMethods) {
    if (known.name != name || known.number == HTTP_PRI) continue;
    head_.method_ = method_of(known.number);
    const bool refused = head_.method_ == Method::connect || head_.method_ == Method::trace;
    return refused ? Errc::method_not_allowed : Errc::none;
  }
  return ascii::is_token(name) ? Errc::unknown_method : Errc::malformed_request;
}

// :authority, else Host; both name the same (RFC 9113 section 8.3.1).
Errc RequestRules::check_h2_authority(bool has_authority) {
  if (facts_.hosts > 1) return Errc::bad_host;
  const std::string_view host = facts_.hosts == 1 ? head_.value(*facts_.host) : std::string_view();
  if (!has_authority) {
    if (facts_.hosts == 0) return Errc::bad_host;
    head_.authority_ = facts_.host->value;
  } else if (facts_.hosts == 1 && !ascii::equals_ignoring_case(host, head_.authority())) {
    return Errc::bad_host;
  }
  return is_authority(head_.authority()) ? Errc::none : Errc::bad_host;
}

Errc RequestRules::check_h2_path() {
  const std::string_view target = head_.target();
  head_.path_and_query_ = head_.target_;
  if (target.empty() || !is_target_text(target)) return Errc::bad_target;
  if (target.front() == '/') return Errc::none;
  return target == "*" && head_.method() == Method::options ? Errc::none : Errc::bad_target;
}

// Content ends with the stream; Content-Length, if it is there, says the same (RFC 9113 section
// 8.1.1; that DATA frames add up to it is checked as they come). Without it the next hop gets
// chunks.
Errc RequestRules::check_h2_framing(bool has_content) {
  const DeclaredFraming declared = declared_framing(head_, facts_);
  if (declared.error != Errc::none) return declared.error;
  const bool length = declared.framing == Framing::length;
  if (!has_content && length && declared.content_length > 0) return Errc::bad_framing;
  head_.content_length_ = declared.content_length;
  head_.framing_ = length ? Framing::length : has_content ? Framing::chunked : Framing::none;
  head_.accepts_trailers_ = facts_.te_trailers;
  return Errc::none;
}

// What follows is a tunnel's and no content, so nothing can say how long it is.
Errc RequestRules::check_h2_tunnel(std::string_view protocol) {
  if (!is_protocol(protocol)) return Errc::malformed_request;
  if (facts_.content_lengths > 0) return Errc::bad_upgrade;
  head_.accepts_trailers_ = facts_.te_trailers;
  head_.demands_tunnel_ = true;
  head_.wants_upgrade_ = !names_http(protocol);
  return Errc::none;
}

}  // namespace weir::http
