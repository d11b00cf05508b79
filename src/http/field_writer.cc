// Copying fields. A received head is mostly copied in two or three runs, between the fields that
// are dropped; the bytes around a field are looked at first, so that only what a strict sender
// would have written is copied unread.
#include "http/field_writer.h"

namespace weir::http {
namespace {

constexpr std::size_t kAround = 4;  // ": " and CRLF around a field

std::size_t most_bytes(const Head& head, std::span<const HeadEdit> edits) {
  std::size_t bytes = kAround;
  for (const Field& field : head.fields())
    bytes += field.name.length + field.value.length + kAround;
  for (const HeadEdit& edit : edits) bytes += edit.name.size() + edit.value.size() + kAround;
  return bytes;
}

}  // namespace

FieldWriter::FieldWriter(Buffer& out, const Head& head, std::span<const HeadEdit> edits,
                         std::size_t extra)
    : out_(out),
      head_(head),
      received_(head.bytes().view()),
      at_(out.extend(most_bytes(head, edits) + extra)) {}

// Received as "Name: value" CRLF, to the byte. Anything else (tabs, more or no spaces, HTTP/2) is
// written anew.
bool FieldWriter::is_plain(const Field& field) const {
  const std::size_t colon = std::size_t{field.name.offset} + field.name.length;
  const std::size_t end = std::size_t{field.value.offset} + field.value.length;
  return field.value.offset == colon + 2 && end + 2 <= received_.size() &&
         received_[colon] == ':' && received_[colon + 1] == ' ' && received_[end] == '\r' &&
         received_[end + 1] == '\n';
}

void FieldWriter::copy(const Field& field) {
  if (!is_plain(field)) {
    flush();
    put_line(head_.name(field), head_.value(field));
    return;
  }
  if (field.name.offset != run_end_) {
    flush();
    run_begin_ = field.name.offset;
  }
  run_end_ = std::size_t{field.value.offset} + field.value.length + 2;
}

void FieldWriter::flush() {
  put(received_.substr(run_begin_, run_end_ - run_begin_));
  run_begin_ = run_end_ = 0;
}

void FieldWriter::put_edits(const EditIndex& index, std::span<const HeadEdit> edits) {
  flush();
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (index.writes(i)) put_line(edits[i].name, edits[i].value);
  }
}

void FieldWriter::finish() {
  flush();
  put("\r\n");
  out_.truncate(static_cast<std::size_t>(at_ - out_.data()));
}

}  // namespace weir::http
