// Building a head from fields that HPACK has decoded. nghttp2 has checked names, values and the
// order of pseudo-header fields; what it lets through and HTTP/1 refuses is refused by the rules,
// which are the same (request_rules.h).
#include "http/h2_request.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "http/request_rules.h"
#include "http/websocket.h"

namespace weir::http {

void H2RequestBuilder::begin(RequestHead& head, const HeadLimits& limits,
                             UnderscorePolicy underscores) {
  head.reset();
  begin_head(head, limits);
  head_ = &head;
  underscores_ = underscores;
  seen_ = 0;
  scheme_ = protocol_ = Slice();
}

bool H2RequestBuilder::add(std::string_view name, std::string_view value) {
  if (name.starts_with(':')) {
    count(name, value);
    if (fault_ == Errc::none) add_pseudo(name, value);
  } else if (const FieldId id = field_id(name); fits(id, name, value)) {
    add_line(id, name, value);
  }
  return sane();
}

// Of the five that a request may have (RFC 9113 section 8.3.1, RFC 8441 section 4); a space behind
// each keeps them apart.
void H2RequestBuilder::add_pseudo(std::string_view name, std::string_view value) {
  if (name == ":path" && value.size() > limits::kTargetBytes) {
    fault_ = Errc::target_too_long;
    return;
  }
  if (decoded_ > limits_.head_bytes) {
    fault_ = Errc::head_too_large;
    return;
  }
  const auto take = [&](std::uint8_t which, Slice& into) {
    if ((seen_ & which) != 0) fault_ = Errc::malformed_request;
    seen_ |= which;
    into = keep(value);
    keep(" ");
  };
  if (name == ":method") {
    take(kMethod, head_->method_name_);
  } else if (name == ":scheme") {
    take(kScheme, scheme_);
  } else if (name == ":authority") {
    take(kAuthority, head_->authority_);
  } else if (name == ":path") {
    take(kPath, head_->target_);
  } else if (name == ":protocol") {
    take(kProtocol, protocol_);
  } else {
    fault_ = Errc::malformed_request;
  }
}

Errc H2RequestBuilder::finish(bool has_content, Random& random) {
  head_->head_bytes_ = decoded_;
  const bool whole = (seen_ & kMethod) != 0;
  if (fault_ == Errc::none && !whole) fault_ = Errc::malformed_request;
  RequestRules rules(*head_);
  if (fault_ != Errc::none) {
    rules.tell_h2_method();
    return fault_;
  }
  join_cookies();
  const Errc code = rules.apply_h2({.scheme = scheme_,
                                    .protocol = protocol_,
                                    .has_protocol = (seen_ & kProtocol) != 0,
                                    .has_scheme = (seen_ & kScheme) != 0,
                                    .has_authority = (seen_ & kAuthority) != 0,
                                    .has_path = (seen_ & kPath) != 0,
                                    .has_content = has_content},
                                   underscores_);
  if (code == Errc::none && head_->demands_tunnel()) become_upgrade(random);
  return code;
}

// The handshake that a client of HTTP/1.1 would have begun (RFC 8441 section 5). A WebSocket's key,
// which HTTP/2 does without, is ours: it is to the origin that it proves something.
void H2RequestBuilder::become_upgrade(Random& random) {
  constexpr std::string_view kKeyName = "Sec-WebSocket-Key";
  auto& fields = head_->fields_;
  const auto put = [&](FieldId id, std::string_view name, Slice value) {
    fields.push_back({.name = keep(name), .value = value, .id = id, .dropped = false});
  };
  head_->method_ = Method::get;
  head_->method_name_ = keep("GET");
  std::erase_if(fields, [&](const Field& field) {
    return ascii::equals_ignoring_case(head_->name(field), kKeyName);
  });
  put(FieldId::upgrade, field_name(FieldId::upgrade), protocol_);
  if (ascii::equals_ignoring_case(head_->view(protocol_), "websocket")) {
    put(FieldId::other, kKeyName, keep(websocket_key(random).view()));
  }
}

// RFC 9113 section 8.2.3: one field, "; " between the crumbs, before it goes where crumbs are not
// understood.
void H2RequestBuilder::join_cookies() {
  if (cookies_ < 2) return;
  const auto is_cookie = [](const Field& field) { return field.id == FieldId::cookie; };
  auto& fields = head_->fields_;
  Buffer& bytes = head_->bytes_;
  Field joined;
  joined.id = FieldId::cookie;
  joined.name = keep("cookie");
  keep(": ");
  joined.value.offset = static_cast<std::uint32_t>(bytes.size());
  bool first = true;
  for (const Field& field : fields) {
    if (!is_cookie(field) || field.value.length == 0) continue;
    if (!first) keep("; ");
    first = false;
    const std::uint32_t length = field.value.length;
    char* to = bytes.extend(length);  // before the source is looked up: the buffer may move
    std::copy_n(bytes.data() + field.value.offset, length, to);
  }
  joined.value.length = static_cast<std::uint32_t>(bytes.size() - joined.value.offset);
  keep("\r\n");
  *std::find_if(fields.begin(), fields.end(), is_cookie) = joined;
  bool kept = false;
  std::erase_if(fields,
                [&](const Field& field) { return is_cookie(field) && std::exchange(kept, true); });
}

// RFC 9113 section 8.5: through a tunnel comes DATA alone.
Errc H2RequestBuilder::finish_trailers() const {
  return (seen_ & kProtocol) != 0 ? Errc::bad_trailer : H2HeadBuilder::finish_trailers();
}

}  // namespace weir::http
