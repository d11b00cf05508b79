// What a response must satisfy after llhttp took its syntax: status line and framing
// (docs/threat-model.md). Fills in the parts of the head that follow from them. Used by
// H1ResponseParser; pure.
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

 private:
  bool status_line_is_valid(Slice reason, int status) const;
  bool never_has_content(Method request_method) const;
  Errc set_framing(Method request_method);

  ResponseHead& head_;
};

}  // namespace weir::http
