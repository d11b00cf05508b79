// Answers, for each field of a head that is being written, whether an edit replaces or removes it:
// one bit test for recognised names, and for others a comparison only with edits of names as long.
// Borrowed views; used by the writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/h1_writer.h"

namespace weir::http {

class EditIndex {
 public:
  // Edits of the ids in `fixed` (bits by FieldId) are ignored: the writer decides about those
  // fields.
  EditIndex(std::span<const HeadEdit> edits, std::uint64_t fixed);

  static constexpr std::uint64_t bit(FieldId id) {
    return std::uint64_t{1} << static_cast<unsigned>(id);
  }

  // Is this received field replaced or removed by an edit?
  bool displaces(FieldId id, std::string_view name) const;
  // Does edits[i] put a field into the head (and no later edit takes it out again)?
  bool writes(std::size_t i) const;

 private:
  bool same_name(const HeadEdit& edit, FieldId id, std::string_view name) const;

  std::span<const HeadEdit> edits_;
  std::uint64_t fixed_ = 0;
  std::uint64_t displaced_ = 0;  // ids that some set or remove edit names
  std::uint64_t lengths_ = 0;    // of unrecognised names in set and remove edits, modulo 64
};

}  // namespace weir::http
