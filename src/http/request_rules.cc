// The request rules in the order in which they are asked: start line, fields, Host, target,
// framing, expectation. The first that is broken names the refusal; each cites the section that
// asks for it.
#include "http/request_rules.h"

#include <llhttp.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/ascii.h"
#include "http/authority.h"
#include "http/field_classes.h"

namespace weir::http {
namespace {

// The length of "http://" or "https://" at the front, 0 without.
std::size_t scheme_length(std::string_view target) {
  for (const std::string_view scheme :
       {std::string_view("http://"), std::string_view("https://")}) {
    if (target.size() > scheme.size() &&
        ascii::equals_ignoring_case(target.substr(0, scheme.size()), scheme)) {
      return scheme.size();
    }
  }
  return 0;
}

}  // namespace

Method method_of(std::uint8_t llhttp_method) {
  switch (llhttp_method) {
    case HTTP_GET:
      return Method::get;
    case HTTP_HEAD:
      return Method::head;
    case HTTP_POST:
      return Method::post;
    case HTTP_PUT:
      return Method::put;
    case HTTP_DELETE:
      return Method::delete_;
    case HTTP_OPTIONS:
      return Method::options;
    case HTTP_PATCH:
      return Method::patch;
    case HTTP_TRACE:
      return Method::trace;
    case HTTP_CONNECT:
      return Method::connect;
    default:
      return Method::other;
  }
}

bool is_target_text(std::string_view target) {
  for (const char c : target) {
    if (c <= ' ' || c > '~' || c == '#') return false;
  }
  return true;
}

Errc RequestRules::apply(Slice target, std::uint8_t llhttp_method, UnderscorePolicy underscores) {
  if (const Errc code = check_start_line(target, llhttp_method); code != Errc::none) return code;
  facts_ = gather_facts(head_);
  if (const Errc code = check_fields(underscores); code != Errc::none) return code;
  if (const Errc code = check_host(); code != Errc::none) return code;
  if (const Errc code = check_target(); code != Errc::none) return code;
  if (const Errc code = check_framing(); code != Errc::none) return code;
  return check_expectation();
}

// The line must be METHOD SP target SP HTTP/1.x CRLF to the byte: llhttp takes more spaces and
// other protocols.
Errc RequestRules::check_start_line(Slice target, std::uint8_t llhttp_method) {
  const std::string_view bytes = head_.bytes().view();
  const std::size_t method_end = bytes.find(' ');
  if (target.offset != method_end + 1) return Errc::bad_request_line;
  const std::string_view rest = bytes.substr(target.offset + target.length);
  if (!rest.starts_with(" HTTP/")) {
    return rest.starts_with("  ") ? Errc::bad_request_line : Errc::bad_version;
  }
  if (!rest.starts_with(" HTTP/1.0\r\n") && !rest.starts_with(" HTTP/1.1\r\n")) {
    return Errc::bad_version;
  }
  head_.method_name_ = {0, static_cast<std::uint32_t>(method_end)};
  head_.target_ = target;
  head_.method_ = method_of(llhttp_method);
  if (head_.method_ == Method::connect || head_.method_ == Method::trace) {
    return Errc::method_not_allowed;
  }
  return is_target_text(head_.target()) ? Errc::none : Errc::bad_target;
}

Errc RequestRules::check_fields(UnderscorePolicy underscores) {
  // More options than there may be fields nominate nothing; looking each one up would be work for
  // an attacker.
  if (facts_.connection_options > limits::kFields) return Errc::bad_field;
  if (underscores == UnderscorePolicy::pass) return Errc::none;
  for (Field& field : head_.fields()) {
    if (field.id != FieldId::other || !is_underscore_twin(head_.name(field))) continue;
    if (underscores == UnderscorePolicy::refuse) return Errc::bad_field;
    field.dropped = true;
  }
  return Errc::none;
}

// RFC 9112 section 3.2: exactly one Host on HTTP/1.1, at most one on HTTP/1.0, and a valid one. An
// empty one is allowed there for targets that have no authority; http and https always have one
// (RFC 9110 section 4.2.1).
Errc RequestRules::check_host() {
  if (facts_.hosts > 1) return Errc::bad_host;
  if (facts_.hosts == 0) return head_.minor_version() == 0 ? Errc::none : Errc::bad_host;
  if (!is_authority(head_.value(*facts_.host))) return Errc::bad_host;
  head_.authority_ = facts_.host->value;
  return Errc::none;
}

// RFC 9112 section 3.2: origin-form, absolute-form (which every server must take), "*" with
// OPTIONS.
Errc RequestRules::check_target() {
  const std::string_view target = head_.target();
  if (target.front() == '/') {
    head_.path_and_query_ = head_.target_;
    return Errc::none;
  }
  if (target == "*") {
    head_.path_and_query_ = head_.target_;
    return head_.method() == Method::options ? Errc::none : Errc::bad_target;
  }
  const std::size_t scheme = scheme_length(target);
  return scheme == 0 ? Errc::bad_target : check_absolute_form(target, scheme);
}

// The target's authority replaces Host (RFC 9112 section 3.2.2), which must be there all the same
// on HTTP/1.1.
Errc RequestRules::check_absolute_form(std::string_view target, std::size_t scheme) {
  const std::size_t end = std::min(target.find_first_of("/?", scheme), target.size());
  const std::string_view authority = target.substr(scheme, end - scheme);
  if (!is_authority(authority)) return Errc::bad_target;
  head_.absolute_form_ = true;
  head_.authority_ = slice_of(authority);
  if (end < target.size() && target[end] == '/') {
    head_.path_and_query_ = slice_of(target.substr(end));
  } else if (end < target.size()) {
    head_.path_and_query_ = append("/", target.substr(end));
  } else {
    // RFC 9112 section 3.2.4: OPTIONS for no path at all asks about the server as a whole.
    head_.path_and_query_ = append(head_.method() == Method::options ? "*" : "/", {});
  }
  return Errc::none;
}

Errc RequestRules::check_framing() {
  const DeclaredFraming declared = declared_framing(head_, facts_);
  if (declared.error != Errc::none) return declared.error;
  head_.framing_ = declared.framing;
  head_.content_length_ = declared.content_length;
  head_.keep_alive_ = persists(facts_, head_.minor_version());
  // RFC 9110 section 7.8: a server ignores Upgrade from HTTP/1.0.
  const bool current = head_.minor_version() >= 1;
  head_.accepts_trailers_ = current && facts_.te_trailers;
  head_.wants_upgrade_ = current && facts_.says_upgrade && facts_.has_upgrade;
  const bool has_content = head_.framing_ == Framing::chunked ||
                           (head_.framing_ == Framing::length && head_.content_length_ > 0);
  return head_.wants_upgrade_ && has_content ? Errc::bad_upgrade : Errc::none;
}

// RFC 9110 section 10.1.1. Ignored on HTTP/1.0, and not forwarded, because it would be sent on as
// HTTP/1.1.
Errc RequestRules::check_expectation() {
  if (facts_.expects == 0) return Errc::none;
  if (head_.minor_version() == 0) {
    for (Field& field : head_.fields()) field.dropped |= field.id == FieldId::expect;
    return Errc::none;
  }
  const bool known = facts_.expects == 1 &&
                     ascii::equals_ignoring_case(head_.value(*facts_.expect), "100-continue");
  head_.expects_continue_ = known;
  return known ? Errc::none : Errc::expectation_failed;
}

Slice RequestRules::slice_of(std::string_view part) const {
  return {static_cast<std::uint32_t>(part.data() - head_.bytes().data()),
          static_cast<std::uint32_t>(part.size())};
}

// Adds what no run of the received bytes says, after them. `second` lies in the buffer, which may
// move.
Slice RequestRules::append(std::string_view first, std::string_view second) {
  Buffer& bytes = head_.bytes();
  const Slice tail = second.empty() ? Slice() : slice_of(second);
  const Slice all{static_cast<std::uint32_t>(bytes.size()),
                  static_cast<std::uint32_t>(first.size() + second.size())};
  char* at = bytes.extend(all.length);
  std::memcpy(at, first.data(), first.size());
  std::memcpy(at + first.size(), bytes.data() + tail.offset, tail.length);
  return all;
}

}  // namespace weir::http
