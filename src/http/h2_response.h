// Makes a ResponseHead of what a header block of HTTP/2 decodes to. Fed by h2_client_callbacks.cc
// field by field, begun anew for each interim answer and for the final one; no IO.
#pragma once

#include <string_view>

#include "http/h2_head.h"

namespace weir::http {

class H2ResponseBuilder : public H2HeadBuilder {
 public:
  // Begins an answer into `head`, which is cleared and must outlive it.
  void begin(ResponseHead& head, const HeadLimits& limits);

  // The next field of the head, :status included. What exceeds a limit is counted and not kept.
  // False: the block decodes to so much more than is allowed that it is an attack.
  bool add(std::string_view name, std::string_view value);
  // The head is complete: applies the rules. `ended`: the stream ends with it. Errc::none accepts;
  // else bad_response or response_head_too_large, as the HTTP/1 parser names it.
  Errc finish(Method request_method, bool ended);
  Errc finish_trailers() const { return name_fault(); }

 private:
  Errc name_fault() const;

  ResponseHead* head_ = nullptr;
  int status_ = 0;
};

}  // namespace weir::http
