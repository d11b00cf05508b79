// Names are lowered by nghttp2 when it copies them. What HTTP/2 does not have (Connection, transfer
// codings, Upgrade, reason phrases; RFC 9113 section 8.2.2) is left out here and nowhere else.
#include "http/h2_fields.h"

#include <charconv>

#include "base/ascii.h"
#include "http/field_classes.h"

namespace weir::http {
namespace {

constexpr std::uint64_t kConnectionFields =
    EditIndex::bit(FieldId::connection) | EditIndex::bit(FieldId::keep_alive) |
    EditIndex::bit(FieldId::te) | EditIndex::bit(FieldId::proxy_connection) |
    EditIndex::bit(FieldId::http2_settings) | EditIndex::bit(FieldId::transfer_encoding) |
    EditIndex::bit(FieldId::upgrade);
constexpr std::uint64_t kLength = EditIndex::bit(FieldId::content_length);

std::uint8_t* bytes_of(std::string_view text) {
  // nghttp2's pairs are mutable for others' sake; what is submitted is copied.
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

}  // namespace

void H2Fields::put(std::string_view name, std::string_view value) {
  list_.push_back(
      {bytes_of(name), bytes_of(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  bytes_ += name.size() + value.size();
}

void H2Fields::begin() {
  list_.clear();
  bytes_ = 0;
}

void H2Fields::put_edits(const EditIndex& index, std::span<const HeadEdit> edits) {
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (index.writes(i)) put(edits[i].name, edits[i].value);
  }
}

// RFC 9113 section 8.3.1: the authority goes into its pseudo-header field, and Host is left out.
void H2Fields::set_request(const H2Request& request) {
  constexpr std::uint64_t kNotSent = kConnectionFields | EditIndex::bit(FieldId::host);
  const RequestHead& head = *request.head;
  const EditIndex index(request.edits, kNotSent | kLength);
  begin();
  put(":method", head.method_name());
  put(":scheme", request.scheme);
  const std::string_view authority = host_to_send(head, request.host, request.edits);
  if (!authority.empty()) put(":authority", authority);
  put(":path", request.path);
  for (const Field& field : head.fields()) {
    if (field.dropped || (kNotSent & EditIndex::bit(field.id)) != 0) continue;
    if (index.displaces(field.id, head.name(field))) continue;
    put(head.name(field), head.value(field));
  }
  if (head.accepts_trailers()) put("te", "trailers");
  put_edits(index, request.edits);
}

void H2Fields::set_fields(std::span<const H2Field> fields) {
  begin();
  for (const H2Field& field : fields) put(field.name, field.value);
}

void H2Fields::begin_response(int status) {
  begin();
  status_ = {static_cast<char>('0' + status / 100 % 10), static_cast<char>('0' + status / 10 % 10),
             static_cast<char>('0' + status % 10)};
  put(":status", {status_.data(), status_.size()});
}

void H2Fields::set_response(const ResponseHead& head, std::span<const HeadEdit> edits) {
  begin_response(head.status());
  put_fields(head, edits);
}

// HTTP/2 has no 101, and no handshake of WebSocket's own (RFC 8441 section 5).
void H2Fields::set_upgrade(const ResponseHead& head, std::span<const HeadEdit> edits) {
  begin_response(200);
  put_fields(head, edits);
  std::erase_if(list_, [](const nghttp2_nv& field) {
    const std::string_view name(reinterpret_cast<const char*>(field.name), field.namelen);
    return ascii::equals_ignoring_case(name, "Sec-WebSocket-Accept");
  });
}

void H2Fields::put_fields(const ResponseHead& head, std::span<const HeadEdit> edits) {
  const EditIndex index(edits, kConnectionFields | kLength);
  const bool length_is_told = head.framing() == Framing::length || head.framing() == Framing::none;
  for (const Field& field : head.fields()) {
    if (field.dropped || (kConnectionFields & EditIndex::bit(field.id)) != 0) continue;
    if (field.id == FieldId::content_length && !length_is_told) continue;
    if (index.displaces(field.id, head.name(field))) continue;
    put(head.name(field), head.value(field));
  }
  put_edits(index, edits);
}

void H2Fields::set_own_answer(const OwnAnswer& answer) {
  begin_response(answer.status);
  const bool has_length = may_tell_length(answer.status) && !answer.only_fields;
  if (!answer.date.empty()) put("date", answer.date);
  if (has_length && !answer.body.empty()) put("content-type", answer.content_type);
  if (has_length) {
    const auto end =
        std::to_chars(length_.data(), length_.data() + length_.size(), answer.body.size()).ptr;
    put("content-length", {length_.data(), end});
  }
  for (const HeadEdit& field : answer.fields) put(field.name, field.value);
}

void H2Fields::set_lines(std::string_view lines) {
  begin();
  while (!lines.empty()) {
    const std::size_t name = lines.find('\n');
    const std::size_t value = lines.find('\n', name + 1);
    put(lines.substr(0, name), lines.substr(name + 1, value - name - 1));
    lines.remove_prefix(value + 1);
  }
}

}  // namespace weir::http
