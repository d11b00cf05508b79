// Content in a message's framing, as few runs of bytes. Appends chunk framing to the caller's
// buffer only.
#include "http/content_parts.h"

#include "http/h1_writer.h"

namespace weir::http {

ContentParts::ContentParts(Buffer& out, bool chunked, std::span<const std::string_view> content,
                           bool complete, const Head* trailers_of) {
  std::size_t total = 0;
  for (std::string_view run : content) total += run.size();

  const bool as_chunk = chunked && total > 0;
  if (as_chunk) write_chunk_size(out, total);
  const bool copied = total <= kCopyBelow;
  if (copied) {
    for (std::string_view run : content) out.append(run);
  }
  const std::size_t before = out.size();
  if (as_chunk) out.append("\r\n");
  if (chunked && complete) write_last_chunk(out, trailers_of);

  if (copied) {
    push(out.view());
    return;
  }
  push(out.view(0, before));
  for (std::string_view run : content) push(run);
  push(out.view(before, out.size() - before));
}

void ContentParts::push(std::string_view part) {
  if (part.empty()) return;
  parts_[size_++] = part;
  bytes_ += part.size();
}

}  // namespace weir::http
