// Responses: the shared parser with the response rules. The client learns 502 whatever was wrong,
// so faults have two names only.
#include "http/h1_parser.h"
#include "http/response_rules.h"

namespace weir::http {

H1ResponseParser::H1ResponseParser() : H1Parser(HTTP_RESPONSE) {}

void H1ResponseParser::reset(ResponseHead& head, Method request_method, const HeadLimits& limits) {
  head.reset();
  begin(head, limits);
  response_ = &head;
  request_method_ = request_method;
}

bool H1ResponseParser::end_of_stream() {
  return end_content();
}

Errc H1ResponseParser::check_head() {
  return ResponseRules(*response_).apply(start_line_part(), llhttp().status_code, request_method_);
}

Errc H1ResponseParser::name_fault(Errc request_fault) const {
  switch (request_fault) {
    case Errc::head_too_large:
    case Errc::too_many_fields:
    case Errc::target_too_long:
      return Errc::response_head_too_large;
    default:
      return Errc::bad_response;
  }
}

}  // namespace weir::http
