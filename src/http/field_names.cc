// Field names to ids and back: a table built from field_names.def at compile time, in buckets by
// length, so that a lookup compares with four names at most and usually with none.
#include <algorithm>
#include <array>
#include <cstddef>

#include "base/ascii.h"
#include "http/head.h"

namespace weir::http {
namespace {

constexpr std::array kNames = {
    std::string_view(),
#define WEIR_FIELD(id, name) std::string_view(name),
#include "http/field_names.def"
#undef WEIR_FIELD
};
static_assert(kNames.size() <= 64, "the writer keeps sets of ids in 64 bits");

constexpr std::size_t longest_name() {
  std::size_t longest = 0;
  for (const std::string_view name : kNames) longest = std::max(longest, name.size());
  return longest;
}
constexpr std::size_t kLongest = longest_name();

// The ids ordered by the length of their names; those of length n are [begin[n], begin[n + 1]).
struct Buckets {
  std::array<FieldId, kNames.size() - 1> ids{};
  std::array<std::uint8_t, kLongest + 2> begin{};
};

constexpr Buckets make_buckets() {
  Buckets buckets;
  std::size_t used = 0;
  for (std::size_t length = 0; length <= kLongest; ++length) {
    buckets.begin[length] = static_cast<std::uint8_t>(used);
    for (std::size_t i = 1; i < kNames.size(); ++i) {
      if (kNames[i].size() == length) buckets.ids[used++] = static_cast<FieldId>(i);
    }
  }
  buckets.begin[kLongest + 1] = static_cast<std::uint8_t>(used);
  return buckets;
}
constexpr Buckets kBuckets = make_buckets();

}  // namespace

FieldId field_id(std::string_view name) {
  if (name.empty() || name.size() > kLongest) return FieldId::other;
  const std::size_t end = kBuckets.begin[name.size() + 1];
  for (std::size_t i = kBuckets.begin[name.size()]; i < end; ++i) {
    const std::string_view known = kNames[static_cast<std::size_t>(kBuckets.ids[i])];
    if (ascii::lower(name.front()) == ascii::lower(known.front()) &&
        ascii::equals_ignoring_case(name, known)) {
      return kBuckets.ids[i];
    }
  }
  return FieldId::other;
}

std::string_view field_name(FieldId id) {
  return kNames[static_cast<std::size_t>(id)];
}

}  // namespace weir::http
