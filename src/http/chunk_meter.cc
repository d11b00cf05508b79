// The arithmetic of chunk overhead: 16 digits for a size, 8 KiB of extensions for a chunk, and for
// all chunks together 16 KiB and half of the content, so that honest senders of signatures per
// chunk pass.
#include "http/chunk_meter.h"

#include <weir/limits.h>

namespace weir::http {

namespace {
constexpr std::uint64_t kLineEnd = 2;  // CRLF
}

void ChunkMeter::begin_line(std::uint64_t position) {
  line_ = position;
  extension_ = 0;
  in_line_ = true;
}

void ChunkMeter::begin_extension(std::uint64_t position) {
  if (extension_ == 0) extension_ = position;
}

bool ChunkMeter::extension_fits(std::uint64_t bytes) const {
  return bytes <= limits::kChunkExtensionBytes &&
         overhead_ + bytes <= limits::kChunkOverheadBytes + content_ / 2;
}

bool ChunkMeter::end_line(std::uint64_t position) {
  const std::uint64_t end = position - kLineEnd;
  const std::uint64_t digits = (extension_ == 0 ? end : extension_) - line_;
  const std::uint64_t extension = extension_ == 0 ? 0 : end - extension_;
  if (digits > limits::kChunkSizeDigits || !extension_fits(extension)) return false;
  overhead_ += extension;
  in_line_ = false;
  return true;
}

// The line's own end may be among the bytes, and after a last chunk the message's too.
bool ChunkMeter::reached(std::uint64_t position) const {
  constexpr std::uint64_t kSlack = 2 * kLineEnd;
  if (!in_line_) return true;
  if (extension_ == 0) return position - line_ <= limits::kChunkSizeDigits + kSlack;
  const std::uint64_t extension = position - extension_;
  return extension <= kSlack || extension_fits(extension - kSlack);
}

}  // namespace weir::http
