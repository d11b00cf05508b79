// Requests: the shared parser with the request rules. Faults keep the names that the shared part
// gives them, because each has its own status for the client.
#include "http/h1_parser.h"
#include "http/request_rules.h"

namespace weir::http {

H1RequestParser::H1RequestParser() : H1Parser(HTTP_REQUEST) {}

void H1RequestParser::reset(RequestHead& head, const HeadLimits& limits,
                            UnderscorePolicy underscores) {
  head.reset();
  begin(head, limits);
  request_ = &head;
  underscores_ = underscores;
}

Errc H1RequestParser::check_head() {
  return RequestRules(*request_).apply(start_line_part(), llhttp().method, underscores_);
}

}  // namespace weir::http
