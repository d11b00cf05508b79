// Makes a RequestHead of what a header block of HTTP/2 decodes to: pseudo-header fields taken for
// the start line, cookie crumbs joined, an extended CONNECT turned into the Upgrade it stands for.
// Fed by h2_callbacks.cc field by field; no IO.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/random.h"
#include "http/h2_head.h"

namespace weir::http {

class H2RequestBuilder : public H2HeadBuilder {
 public:
  // Begins a request into `head`, which is cleared and must outlive it.
  void begin(RequestHead& head, const HeadLimits& limits, UnderscorePolicy underscores);

  // The next field of the head, pseudo-header fields included. What exceeds a limit is counted and
  // not kept. False: the block decodes to so much more than is allowed that it is an attack.
  bool add(std::string_view name, std::string_view value);
  // The head is complete: applies the rules. `has_content`: the stream goes on. Errc::none accepts.
  // `random` makes a WebSocket's key.
  Errc finish(bool has_content, Random& random);
  Errc finish_trailers() const;

 private:
  enum : std::uint8_t { kMethod = 1, kScheme = 2, kAuthority = 4, kPath = 8, kProtocol = 16 };

  void add_pseudo(std::string_view name, std::string_view value);
  void join_cookies();
  void become_upgrade(Random& random);

  RequestHead* head_ = nullptr;
  UnderscorePolicy underscores_ = UnderscorePolicy::drop;
  std::uint8_t seen_ = 0;  // of the pseudo-header fields
  Slice scheme_;
  Slice protocol_;
};

}  // namespace weir::http
