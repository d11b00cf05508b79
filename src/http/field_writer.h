// The single pass that copies a received head with its edits into a buffer. Runs of fields that are
// written as they were received are copied in one piece. Room for the most that can come is taken
// once, so that nothing is checked in between. Used by h1_writer.cc for one head, on the stack.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "base/buffer.h"
#include "http/edit_index.h"
#include "http/head.h"

namespace weir::http {

class FieldWriter {
 public:
  // `extra`: bytes that will be put besides the head's own and the edits'.
  FieldWriter(Buffer& out, const Head& head, std::span<const HeadEdit> edits, std::size_t extra);

  FieldWriter& put(std::string_view text) {
    at_ = std::copy_n(text.data(), text.size(), at_);  // what is empty may be nowhere
    return *this;
  }
  void put_line(std::string_view name, std::string_view value) {
    put(name).put(": ").put(value).put("\r\n");
  }

  // Copies a field as received. Fields given in order and standing side by side are copied
  // together.
  void copy(const Field& field);
  // Writes the fields that edits set and add.
  void put_edits(const EditIndex& index, std::span<const HeadEdit> edits);
  // Ends the head with the empty line and gives back the room that was not needed.
  void finish();
  // Whatever copy() has gathered is in place; call before a put() that must come after it.
  void flush();

 private:
  bool is_plain(const Field& field) const;

  Buffer& out_;
  const Head& head_;
  std::string_view received_;
  char* at_;
  std::size_t run_begin_ = 0;  // bytes of the received head still to be copied
  std::size_t run_end_ = 0;
};

}  // namespace weir::http
