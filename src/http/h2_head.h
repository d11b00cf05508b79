// Makes a head of what a header block of HTTP/2 decodes to, so that everything behind reads it as
// one of HTTP/1: fields laid out as "name: value" lines, limits counted the way RFC 9113 counts
// them (section 10.5.1). The part that requests (h2_request.h) and responses (h2_response.h) share;
// no IO.
#pragma once

#include <cstddef>
#include <string_view>

#include <weir/error.h>

#include "http/h1_parser.h"
#include "http/head.h"

namespace weir::http {

class H2HeadBuilder {
 public:
  // The next field of the trailers, which come last. False: the block decodes to so much more than
  // is allowed that it is an attack.
  bool add_trailer(std::string_view name, std::string_view value);
  Errc finish_trailers() const { return fault_; }
  // The head is no longer its message's: trailers that still come are counted and not kept.
  void release_head() { all_ = nullptr; }

 protected:
  H2HeadBuilder() = default;
  ~H2HeadBuilder() = default;

  // `head` has been reset and outlives the message.
  void begin_head(Head& head, const HeadLimits& limits);
  void count(std::string_view name, std::string_view value);
  // Counts a field; false when it exceeds a limit, or an earlier one did.
  bool fits(FieldId id, std::string_view name, std::string_view value);
  bool sane() const;
  void add_line(FieldId id, std::string_view name, std::string_view value);
  Slice keep(std::string_view text);

  HeadLimits limits_;
  Errc fault_ = Errc::none;
  std::size_t decoded_ = 0;  // bytes, as SETTINGS_MAX_HEADER_LIST_SIZE counts them
  std::size_t cookies_ = 0;

 private:
  Head* all_ = nullptr;
  std::size_t fields_ = 0;
};

}  // namespace weir::http
