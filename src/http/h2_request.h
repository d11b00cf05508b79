// Makes a RequestHead of what a header block of HTTP/2 decodes to, so that everything behind reads
// it as one of HTTP/1: fields laid out as "name: value" lines, cookie crumbs joined, an extended
// CONNECT turned into the Upgrade it stands for, limits counted the way RFC 9113 counts them
// (section 10.5.1). Fed by h2_session.cc field by field; no IO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <weir/error.h>

#include "base/random.h"
#include "http/h1_parser.h"
#include "http/head.h"

namespace weir::http {

class H2RequestBuilder {
 public:
  // Begins a request into `head`, which is cleared and must outlive it.
  void begin(RequestHead& head, const HeadLimits& limits, UnderscorePolicy underscores);

  // The next field of the head, pseudo-header fields included. What exceeds a limit is counted and
  // not kept. False: the block decodes to so much more than is allowed that it is an attack.
  bool add(std::string_view name, std::string_view value);
  // The head is complete: applies the rules. `has_content`: the stream goes on. Errc::none accepts.
  // `random` makes a WebSocket's key.
  Errc finish(bool has_content, Random& random);

  // The same for trailers, which come last.
  bool add_trailer(std::string_view name, std::string_view value);
  Errc finish_trailers();
  // The head is no longer its request's: trailers that still come are counted and not kept.
  void release_head() { head_ = nullptr; }

 private:
  enum : std::uint8_t { kMethod = 1, kScheme = 2, kAuthority = 4, kPath = 8, kProtocol = 16 };

  bool fits(FieldId id, std::string_view name, std::string_view value);
  void add_line(FieldId id, std::string_view name, std::string_view value);
  void add_pseudo(std::string_view name, std::string_view value);
  Slice keep(std::string_view text);
  void join_cookies();
  void become_upgrade(Random& random);

  RequestHead* head_ = nullptr;
  HeadLimits limits_;
  UnderscorePolicy underscores_ = UnderscorePolicy::drop;
  std::uint8_t seen_ = 0;  // of the pseudo-header fields
  Errc fault_ = Errc::none;
  std::size_t decoded_ = 0;  // bytes, as SETTINGS_MAX_HEADER_LIST_SIZE counts them
  std::size_t fields_ = 0;
  std::size_t cookies_ = 0;
  Slice scheme_;
  Slice protocol_;
};

}  // namespace weir::http
