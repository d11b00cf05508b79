// Reads a request back that was composed as HTTP/1 (write_request_head() and chunks), for a
// connection that speaks HTTP/2: mirrors compose their copies before they have a connection. Used
// by upstream/h2_carrier for one request at a time, which is sent at once; no IO.
#pragma once

#include <string_view>

#include "http/h1_parser.h"
#include "http/head.h"

namespace weir::http {

class ComposedRequest {
 public:
  // False: it is no head that Weir would compose.
  bool read_head(std::string_view head);
  const RequestHead& head() const { return head_; }
  // There is no content.
  bool complete() const { return complete_; }
  // Decodes content with its framing; calls f(runs, complete) for what it holds. False: it is
  // framed otherwise than the head says, or more than that.
  template <class F>
  bool read_content(std::string_view bytes, F&& f) {
    while (!bytes.empty()) {
      if (complete_) return false;
      const ParseStep step = parser_.feed(bytes);
      if (step.error) return false;
      bytes.remove_prefix(step.consumed);
      complete_ = step.complete;
      f(step.content, step.complete);
    }
    return true;
  }
  // Forgets it, and gives memory beyond the usual back.
  void clear();

 private:
  RequestHead head_;
  H1RequestParser parser_;
  bool complete_ = false;
};

}  // namespace weir::http
