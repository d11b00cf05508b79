// The response rules. Origins are trusted no more than clients: an answer that could be read in two
// ways is refused, because the next one on the connection may be somebody else's.
#include "http/response_rules.h"

#include <algorithm>

#include <weir/limits.h>

#include "base/ascii.h"
#include "http/field_classes.h"
#include "http/field_facts.h"

namespace weir::http {
namespace {

// HTAB, SP, VCHAR and obs-text (RFC 9112 section 4); llhttp takes control characters too.
bool is_reason_text(std::string_view reason) {
  return std::ranges::none_of(reason, [](char c) { return ascii::is_control(c) && c != '\t'; });
}

}  // namespace

Errc ResponseRules::apply(Slice reason, int status, Method request_method) {
  if (!status_line_is_valid(reason, status)) return Errc::bad_response;
  head_.status_ = status;
  head_.reason_ = reason;
  return set_framing(request_method);
}

// That DATA frames add up to Content-Length is checked as they come (RFC 9113 section 8.1.1).
// Without it the next hop gets chunks, also when there is nothing in them: only that tells a client
// of HTTP/1 that nothing comes.
Errc ResponseRules::apply_h2(int status, Method request_method, bool ended) {
  if (status < 100) return Errc::bad_response;
  head_.status_ = status;
  const bool refused = std::ranges::any_of(
      head_.fields(), [](const Field& field) { return is_connection_specific(field.id); });
  if (refused || status == 101) return Errc::bad_response;
  if (const Errc code = set_framing(request_method); code != Errc::none) return code;
  if (head_.framing_ == Framing::until_close) head_.framing_ = Framing::chunked;
  head_.keep_alive_ = true;
  return ended && head_.announces_more_than(0) ? Errc::bad_response : Errc::none;
}

bool ResponseRules::status_line_is_valid(Slice reason, int status) const {
  const std::string_view bytes = head_.view({0, 12});
  const bool http1 = bytes.starts_with("HTTP/1.0 ") || bytes.starts_with("HTTP/1.1 ");
  return http1 && status >= 100 && status <= 999 && is_reason_text(head_.view(reason));
}

// RFC 9112 section 6.3, rule 1.
bool ResponseRules::never_has_content(Method request_method) const {
  return request_method == Method::head || head_.interim() || head_.status() == 204 ||
         head_.status() == 304;
}

Errc ResponseRules::set_framing(Method request_method) {
  const FieldFacts facts = gather_facts(head_);
  if (facts.connection_options > limits::kFields) return Errc::bad_response;
  const DeclaredFraming declared = declared_framing(head_, facts);
  if (declared.error != Errc::none) return Errc::bad_response;
  head_.framing_ = declared.framing == Framing::none ? Framing::until_close : declared.framing;
  head_.content_length_ = declared.content_length;
  if (never_has_content(request_method)) {
    head_.framing_ = Framing::none;
    head_.content_length_ = 0;
  }
  head_.keep_alive_ =
      head_.framing_ != Framing::until_close && persists(facts, head_.minor_version());
  // RFC 9110 section 8.6 and RFC 9112 section 6.1: neither says how long a body is that cannot be
  // there.
  if (head_.interim() || head_.status() == 204) {
    for (Field& field : head_.fields()) {
      field.dropped |=
          field.id == FieldId::content_length || field.id == FieldId::transfer_encoding;
    }
  }
  return Errc::none;
}

}  // namespace weir::http
