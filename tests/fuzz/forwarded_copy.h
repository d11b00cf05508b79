// For the fuzz targets: parses every message of a byte stream and writes each one as it would be
// forwarded, so that a second, strict parser can be asked what an origin or a client would make of
// it. Broken promises abort.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/forwarding.h"
#include "http/h1_parser.h"
#include "http/h1_writer.h"

namespace weir::http::fuzz {

inline void require(bool promise) {
  if (!promise) std::abort();
}

// A forwarded head may be larger than the received one was allowed to be, by the proxy's own
// fields.
inline constexpr HeadLimits kForwardedLimits = {.head_bytes = 4 * limits::kHeadBytes,
                                                .fields = 2 * limits::kFields};

// What must be the same on both sides of the proxy.
struct Message {
  std::string start;  // method and target, or status and reason
  std::string host;
  std::string content;
  std::vector<std::string> fields;  // that are passed, in order
  std::vector<std::string> trailers;

  bool operator==(const Message&) const = default;
};

// Fields that are about one connection or decided anew by the writer are not compared.
inline bool is_compared(const Field& field) {
  switch (field.id) {
    case FieldId::connection:
    case FieldId::host:
    case FieldId::te:
    case FieldId::transfer_encoding:
    case FieldId::content_length:
      return false;
    default:
      return !field.dropped;
  }
}

inline std::vector<std::string> list(const Head& head, std::span<const Field> fields) {
  std::vector<std::string> all;
  for (const Field& field : fields) {
    if (!is_compared(field)) continue;
    all.push_back(std::string(head.name(field)) + ": " + std::string(head.value(field)));
  }
  return all;
}

// Feeds until the message is complete, refused, or the input is used up; true when complete. Takes
// bytes off `input`.
inline bool read_content(H1Parser& parser, std::string_view& input, std::string& content) {
  bool complete = false;
  while (!complete && !input.empty()) {
    const ParseStep step = parser.feed(input);
    require(step.consumed <= input.size());
    require(!(step.complete && step.error));
    for (const std::string_view part : step.content) {
      require(!part.empty() && part.data() >= input.data() &&
              part.data() + part.size() <= input.data() + input.size());
      content += part;
    }
    if (step.error) return false;
    require(step.consumed > 0);
    complete = step.complete;
    input.remove_prefix(step.consumed);
  }
  return complete;
}

inline void write_content(Buffer& out, Framing framing, std::string_view content,
                          const Head& head) {
  if (framing != Framing::chunked) {
    out.append(content);
    return;
  }
  if (!content.empty()) {
    write_chunk_size(out, content.size());
    out.append(content);
    out.append("\r\n");
  }
  write_last_chunk(out, &head);
}

}  // namespace weir::http::fuzz
