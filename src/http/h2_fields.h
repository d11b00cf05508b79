// Lays heads out as the list of name and value pairs that nghttp2 encodes: what h1_writer.cc does
// in text, for HTTP/2. One per worker and kind of session, used for one head at a time; views are
// borrowed until nghttp2 has copied them.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "http/edit_index.h"
#include "http/h1_writer.h"
#include "http/head.h"

namespace weir::http {

// A request as it is sent to an endpoint; all views live until it is laid out.
struct H2Request {
  const RequestHead* head = nullptr;
  std::string_view scheme;
  std::string_view path;  // what is forwarded
  std::string_view host;  // unless an edit sets another
  std::span<const HeadEdit> edits;
};

// A field as it is; the name is lowered when it is sent.
struct H2Field {
  std::string_view name;
  std::string_view value;
};

class H2Fields {
 public:
  void set_request(const H2Request& request);
  void set_fields(std::span<const H2Field> fields);
  void set_response(const ResponseHead& head, std::span<const HeadEdit> edits);
  // Of a 101, what says the same to a client of HTTP/2 (RFC 8441).
  void set_upgrade(const ResponseHead& head, std::span<const HeadEdit> edits);
  void set_own_answer(const OwnAnswer& answer);
  // Trailers, as pairs of names and values, each ended by a line feed.
  void set_lines(std::string_view lines);

  const nghttp2_nv* data() const { return list_.data(); }
  std::size_t size() const { return list_.size(); }
  std::size_t bytes() const { return bytes_; }  // of names and values

 private:
  void begin();
  void begin_response(int status);
  void put_edits(const EditIndex& index, std::span<const HeadEdit> edits);
  void put(std::string_view name, std::string_view value);
  void put_fields(const ResponseHead& head, std::span<const HeadEdit> edits);

  std::vector<nghttp2_nv> list_;
  std::size_t bytes_ = 0;
  std::array<char, 3> status_;
  std::array<char, 20> length_;
};

}  // namespace weir::http
