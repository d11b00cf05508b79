// Building a response's head. Origins are trusted no more than clients: what nghttp2 lets through
// and HTTP/1 refuses is refused by the rules, which are the same (response_rules.h).
#include "http/h2_response.h"

#include <algorithm>

#include "base/ascii.h"
#include "http/response_rules.h"

namespace weir::http {
namespace {

// RFC 9113 section 8.3.2: three digits (RFC 9110 section 15); 0 when it is none.
int status_of_digits(std::string_view digits) {
  if (digits.size() != 3 || !std::ranges::all_of(digits, ascii::is_digit)) return 0;
  return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
}

}  // namespace

void H2ResponseBuilder::begin(ResponseHead& head, const HeadLimits& limits) {
  head.reset();
  begin_head(head, limits);
  head_ = &head;
  status_ = 0;
}

bool H2ResponseBuilder::add(std::string_view name, std::string_view value) {
  if (name.starts_with(':')) {
    count(name, value);
    if (name != ":status" || status_ != 0) fault_ = Errc::bad_response;
    status_ = status_of_digits(value);
  } else if (const FieldId id = field_id(name); fits(id, name, value)) {
    add_line(id, name, value);
  }
  return sane();
}

Errc H2ResponseBuilder::finish(Method request_method, bool ended) {
  head_->head_bytes_ = decoded_;
  if (fault_ == Errc::none && status_ == 0) fault_ = Errc::bad_response;
  if (fault_ != Errc::none) return name_fault();
  return ResponseRules(*head_).apply_h2(status_, request_method, ended);
}

Errc H2ResponseBuilder::name_fault() const {
  switch (fault_) {
    case Errc::none:
      return Errc::none;
    case Errc::head_too_large:
    case Errc::too_many_fields:
      return Errc::response_head_too_large;
    default:
      return Errc::bad_response;
  }
}

}  // namespace weir::http
