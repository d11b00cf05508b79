// Laying out fields that HPACK has decoded, of whichever message. nghttp2 has checked names and
// values.
#include "http/h2_head.h"

#include <algorithm>

#include <weir/limits.h>

#include "http/field_classes.h"

namespace weir::http {
namespace {

constexpr std::size_t kFieldOverhead = 32;  // RFC 9113 section 6.5.2

}  // namespace

void H2HeadBuilder::begin_head(Head& head, const HeadLimits& limits) {
  head.major_version_ = 2;
  all_ = &head;
  limits_ = limits;
  fault_ = Errc::none;
  decoded_ = fields_ = cookies_ = 0;
}

void H2HeadBuilder::count(std::string_view name, std::string_view value) {
  decoded_ += name.size() + value.size() + kFieldOverhead;
}

bool H2HeadBuilder::sane() const {
  return decoded_ <= limits_.head_bytes * limits::kH2BombFactor;
}

// Crumbs of a cookie are one field to everybody else; there may be as many as fields.
bool H2HeadBuilder::fits(FieldId id, std::string_view name, std::string_view value) {
  count(name, value);
  std::size_t& number = id == FieldId::cookie ? cookies_ : fields_;
  if (++number > limits_.fields && fault_ == Errc::none) fault_ = Errc::too_many_fields;
  const bool too_long = decoded_ > limits_.head_bytes || name.size() > limits::kFieldNameBytes;
  if (too_long && fault_ == Errc::none) fault_ = Errc::head_too_large;
  return fault_ == Errc::none;
}

void H2HeadBuilder::add_line(FieldId id, std::string_view name, std::string_view value) {
  Buffer& bytes = all_->bytes_;
  const auto begin = static_cast<std::uint32_t>(bytes.size());
  const auto name_size = static_cast<std::uint32_t>(name.size());
  const auto value_size = static_cast<std::uint32_t>(value.size());
  char* at = bytes.extend(name.size() + value.size() + 4);
  at = std::copy_n(name.data(), name.size(), at);
  *at++ = ':';
  *at++ = ' ';
  at = std::copy_n(value.data(), value.size(), at);
  *at++ = '\r';
  *at = '\n';
  all_->fields_.push_back({.name = {begin, name_size},
                           .value = {begin + name_size + 2, value_size},
                           .id = id,
                           .dropped = false});
}

Slice H2HeadBuilder::keep(std::string_view text) {
  Buffer& bytes = all_->bytes_;
  const Slice slice{static_cast<std::uint32_t>(bytes.size()),
                    static_cast<std::uint32_t>(text.size())};
  bytes.append(text);
  return slice;
}

// Kept without what is between them, at offsets past the head's, as the HTTP/1 parser does.
bool H2HeadBuilder::add_trailer(std::string_view name, std::string_view value) {
  if (const FieldId id = field_id(name); fits(id, name, value) && all_ != nullptr) {
    Buffer& bytes = all_->trailer_bytes_;
    const auto offset = [&] {
      return static_cast<std::uint32_t>(all_->bytes_.size() + bytes.size());
    };
    Field& field = all_->trailers_.emplace_back();
    field.name = {offset(), static_cast<std::uint32_t>(name.size())};
    bytes.append(name);
    field.value = {offset(), static_cast<std::uint32_t>(value.size())};
    bytes.append(value);
    field.id = id;
    field.dropped = is_forbidden_trailer(id, name);
  }
  return sane();
}

}  // namespace weir::http
