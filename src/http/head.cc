// Reading heads: field lookup and the parts of a request's target and authority.
#include "http/head.h"

#include "base/ascii.h"
#include "http/authority.h"

namespace weir::http {

const Field* Head::find(FieldId id) const {
  for (const Field& field : fields_) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

const Field* Head::find(std::string_view name) const {
  const FieldId id = field_id(name);
  if (id != FieldId::other) return find(id);
  for (const Field& field : fields_) {
    if (field.id == FieldId::other && field.name.length == name.size() &&
        ascii::equals_ignoring_case(view(field.name), name)) {
      return &field;
    }
  }
  return nullptr;
}

std::string_view Head::value_of(FieldId id) const {
  const Field* field = find(id);
  return field == nullptr ? std::string_view() : value(*field);
}

void Head::clear() {
  bytes_.clear();
  trailer_bytes_.clear();
  fields_.clear();
  trailers_.clear();
  head_bytes_ = 0;
  content_length_ = 0;
  minor_version_ = 1;
  major_version_ = 1;
  framing_ = Framing::none;
  keep_alive_ = true;
}

std::string_view RequestHead::path() const {
  const std::string_view all = path_and_query();
  return all.substr(0, all.find('?'));
}

std::string_view RequestHead::query() const {
  const std::string_view all = path_and_query();
  const std::size_t mark = all.find('?');
  return mark == std::string_view::npos ? std::string_view() : all.substr(mark + 1);
}

std::string_view RequestHead::host() const {
  return host_of(authority());
}

bool RequestHead::safe() const {
  return method_ == Method::get || method_ == Method::head || method_ == Method::options ||
         method_ == Method::trace;
}

bool RequestHead::idempotent() const {
  return safe() || method_ == Method::put || method_ == Method::delete_;
}

void RequestHead::reset() {
  clear();
  method_name_ = target_ = path_and_query_ = authority_ = Slice();
  method_ = Method::other;
  absolute_form_ = expects_continue_ = wants_upgrade_ = accepts_trailers_ = false;
  demands_tunnel_ = false;
}

void ResponseHead::reset() {
  clear();
  reason_ = Slice();
  status_ = 0;
}

}  // namespace weir::http
