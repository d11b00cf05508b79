// Lays out one write: a composed head (or nothing), content in the message's framing, and the end
// of the message, as few runs of bytes for one gathering write. Small content is copied behind the
// head, because one buffer is cheaper for the kernel than several; large content is referred to.
// Used by upstream/ (requests) and proxy/ (responses). No IO.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include <weir/limits.h>

#include "base/buffer.h"
#include "http/head.h"

namespace weir::http {

class ContentParts {
 public:
  static constexpr std::size_t kCopyBelow = 8 * 1024;  // bytes of content

  // `out` may hold a head already; chunk framing is appended to it. `complete` ends the message:
  // for chunked content with the last chunk and the trailers of `trailers_of` (null: none).
  ContentParts(Buffer& out, bool chunked, std::span<const std::string_view> content, bool complete,
               const Head* trailers_of);

  // What to write, in order; none empty. Valid until `out` is changed.
  std::span<const std::string_view> parts() const { return {parts_.data(), size_}; }
  std::size_t bytes() const { return bytes_; }

 private:
  void push(std::string_view part);

  std::array<std::string_view, limits::kBodySpans + 2> parts_;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace weir::http
