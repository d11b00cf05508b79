// What a request must satisfy after llhttp took its syntax: start line, Host, target, framing,
// upgrade, expectation (docs/threat-model.md). Fills in the parts of the head that follow from
// them. Used by H1RequestParser and H2RequestBuilder; pure.
#pragma once

#include <cstdint>
#include <string_view>

#include <weir/error.h>

#include "http/field_facts.h"
#include "http/h1_parser.h"
#include "http/head.h"

namespace weir::http {

// What a head of HTTP/2 has instead of a start line; method, authority and target are in the head.
struct H2Pseudo {
  Slice scheme;
  Slice protocol;
  bool has_protocol = false;  // extended CONNECT, where the session has offered it (RFC 8441)
  bool has_scheme = false;
  bool has_authority = false;
  bool has_path = false;
  bool has_content = false;  // the stream goes on after the head
};

class RequestRules {
 public:
  explicit RequestRules(RequestHead& head) : head_(head) {}

  // The head's bytes, fields and version are set. `target` is where the target is; `llhttp_method`
  // its method. Errc::none accepts.
  Errc apply(Slice target, std::uint8_t llhttp_method, UnderscorePolicy underscores);
  // The same for one that came by HTTP/2 (h2_request_rules.cc).
  Errc apply_h2(const H2Pseudo& pseudo, UnderscorePolicy underscores);
  // Of such a one that is refused before it is whole, the method: the answer depends on it.
  void tell_h2_method() { check_h2_method(false); }

 private:
  Errc check_start_line(Slice target, std::uint8_t llhttp_method);
  Errc check_target();
  Errc check_absolute_form(std::string_view target, std::size_t scheme);
  Errc check_fields(UnderscorePolicy underscores);
  Errc check_host();
  Errc check_framing();
  Errc check_expectation();
  Errc check_h2_method(bool has_protocol);
  Errc check_h2_authority(bool has_authority);
  Errc check_h2_path();
  Errc check_h2_framing(bool has_content);
  Errc check_h2_tunnel(std::string_view protocol);
  Slice slice_of(std::string_view part) const;
  Slice append(std::string_view first, std::string_view second);

  RequestHead& head_;
  FieldFacts facts_;
};

// What llhttp's number of a method is here.
Method method_of(std::uint8_t llhttp_method);
// Visible ASCII without '#' (RFC 9112 section 3.2: a fragment is never sent). Characters that RFC
// 3986 leaves out but everybody sends, such as '|' and '"', pass.
bool is_target_text(std::string_view target);

}  // namespace weir::http
