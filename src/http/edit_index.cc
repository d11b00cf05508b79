// Edits are few (about ten) and fields many (up to a hundred) per head, so the edits are indexed
// once, in two words of bits, and the common field costs one test.
#include "http/edit_index.h"

#include "base/ascii.h"

namespace weir::http {
namespace {

constexpr std::uint64_t length_bit(std::size_t length) {
  return std::uint64_t{1} << (length % 64);
}

}  // namespace

EditIndex::EditIndex(std::span<const HeadEdit> edits, std::uint64_t fixed)
    : edits_(edits), fixed_(fixed) {
  for (const HeadEdit& edit : edits_) {
    if (edit.kind == EditKind::add) continue;
    if (edit.id == FieldId::other) {
      lengths_ |= length_bit(edit.name.size());
    } else {
      displaced_ |= bit(edit.id) & ~fixed_;
    }
  }
}

bool EditIndex::same_name(const HeadEdit& edit, FieldId id, std::string_view name) const {
  if (edit.id != id) return false;
  return id != FieldId::other || ascii::equals_ignoring_case(edit.name, name);
}

bool EditIndex::displaces(FieldId id, std::string_view name) const {
  if (id != FieldId::other) return (displaced_ & bit(id)) != 0;
  if ((lengths_ & length_bit(name.size())) == 0) return false;
  for (const HeadEdit& edit : edits_) {
    if (edit.kind != EditKind::add && same_name(edit, id, name)) return true;
  }
  return false;
}

bool EditIndex::writes(std::size_t i) const {
  const HeadEdit& edit = edits_[i];
  if (edit.kind == EditKind::remove || (fixed_ & bit(edit.id)) != 0) return false;
  for (std::size_t later = i + 1; later < edits_.size(); ++later) {
    if (edits_[later].kind != EditKind::add && same_name(edits_[later], edit.id, edit.name)) {
      return false;
    }
  }
  return true;
}

}  // namespace weir::http
