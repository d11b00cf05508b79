// What a response must satisfy after llhttp or nghttp2 took its syntax: status and framing
// (docs/threat-model.md). Fills in the parts of the head that follow from them. Used by
// H1ResponseParser and H2ResponseBuilder; pure.
#pragma once

#include <weir/error.h>

#include "http/head.h"

namespace weir::http {

class ResponseRules {
 public:
  explicit ResponseRules(ResponseHead& head) : head_(head) {}

  // The head's bytes, fields and version are set. `reason` is where the reason phrase is (may be
  // empty). Any code but Errc::none refuses.
  Errc apply(Slice reason, int status, Method request_method);
  // The same for a head that came by HTTP/2, where content ends with the stream. `ended`: with the
  // head already.
  Errc apply_h2(int status, Method request_method, bool ended);

 private:
  bool status_line_is_valid(Slice reason, int status) const;
  bool never_has_content(Method request_method) const;
  Errc set_framing(Method request_method);

  ResponseHead& head_;
};

}  // namespace weir::http
