// The parser of requests, with room for what a proxy adds to one.
#include "http/composed_request.h"

#include <weir/limits.h>

namespace weir::http {
namespace {

constexpr HeadLimits kComposedLimits{.head_bytes = 4 * limits::kHeadBytes,
                                     .fields = 10 * limits::kFields};
constexpr std::size_t kKeptBytes = 16 * 1024;

}  // namespace

bool ComposedRequest::read_head(std::string_view head) {
  parser_.reset(head_, kComposedLimits, UnderscorePolicy::pass);
  const ParseStep step = parser_.feed(head);
  complete_ = step.complete;
  return step.head && !step.error && step.consumed == head.size();
}

void ComposedRequest::clear() {
  head_.shrink(kKeptBytes);
}

}  // namespace weir::http
