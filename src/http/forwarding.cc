// The edits that tell the next hop about this one: who the client is, by which way the request
// came, and how to find it in logs and traces.
#include "http/forwarding.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <weir/limits.h>

#include "base/ascii.h"
#include "http/trace_context.h"

namespace weir::http {
namespace {

constexpr std::size_t kRequestIdBytes = 128;  // of an id that is passed
constexpr std::size_t kNumberBytes = 20;
constexpr std::string_view kListComma = ", ";

// Bytes composed into a buffer that has room for all of them, so that views of what was written
// stay valid.
class Scratch {
 public:
  Scratch(Buffer& buffer, std::size_t most) : buffer_(buffer), at_(buffer.extend(most)) {
    begin_ = at_;
  }
  ~Scratch() { buffer_.truncate(static_cast<std::size_t>(at_ - buffer_.data())); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  char* at() { return at_; }
  void append(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  // Counts `end - at()` bytes that were written in place.
  void advance_to(char* end) { at_ = end; }
  // What was appended since the last take().
  std::string_view take() {
    const std::string_view taken(begin_, static_cast<std::size_t>(at_ - begin_));
    begin_ = at_;
    return taken;
  }

 private:
  Buffer& buffer_;
  char* at_;
  char* begin_;
};

std::size_t scratch_bytes(const Head& head) {
  std::size_t bytes = kIpTextMax + kHexIdBytes + kTraceparentBytes + kNumberBytes;
  for (const Field& field : head.fields()) {
    if (field.id == FieldId::x_forwarded_for) bytes += field.value.length + kListComma.size();
  }
  return bytes;
}

const Field* find_kept(const Head& head, FieldId id) {
  for (const Field& field : head.fields()) {
    if (field.id == id && !field.dropped) return &field;
  }
  return nullptr;
}

// What remains of the received list is a trusted peer's; that peer is the next entry. A peer
// without an address (a unix socket) is "unknown", as RFC 7239 section 6.3 calls it.
void add_forwarded_for(const RequestHead& head, const Origin& origin, Scratch& scratch,
                       EditList& edits) {
  for (const Field& field : head.fields()) {
    if (field.id != FieldId::x_forwarded_for || field.dropped || field.value.length == 0) continue;
    scratch.append(head.value(field));
    scratch.append(kListComma);
  }
  if (origin.peer == IpAddress()) {
    scratch.append("unknown");
  } else {
    scratch.advance_to(scratch.at() + format_ip(origin.peer, scratch.at()).size());
  }
  edits.set(FieldId::x_forwarded_for, scratch.take());
}

void add_forwarded_proto_and_host(const RequestHead& head, const Origin& origin, EditList& edits) {
  if (find_kept(head, FieldId::x_forwarded_proto) == nullptr) {
    edits.set(FieldId::x_forwarded_proto, origin.tls ? "https" : "http");
  }
  if (find_kept(head, FieldId::x_forwarded_host) == nullptr && !head.authority().empty()) {
    edits.set(FieldId::x_forwarded_host, head.authority());
  }
}

// What is set here replaces what a trusted proxy said: the nearer certificate is the one proved.
void add_certificate(const Origin& origin, EditList& edits) {
  if (origin.certificate.empty()) return;
  edits.set(FieldId::client_cert, origin.certificate);
  if (origin.certificate_chain.empty()) {
    edits.push(EditKind::remove, FieldId::client_cert_chain, field_name(FieldId::client_cert_chain),
               {});
  } else {
    edits.set(FieldId::client_cert_chain, origin.certificate_chain);
  }
  edits.set(FieldId::x_client_cert_subject, origin.certificate_subject);
}

bool is_sane_request_id(std::string_view id) {
  return id.size() <= kRequestIdBytes && ascii::is_token(id);
}

std::string_view add_request_id(const RequestHead& head, Random& random, Scratch& scratch,
                                EditList& edits) {
  const Field* received = find_kept(head, FieldId::x_request_id);
  if (received != nullptr && is_sane_request_id(head.value(*received))) {
    return head.value(*received);
  }
  scratch.advance_to(write_hex_id(scratch.at(), kHexIdBytes / 2, random));
  const std::string_view id = scratch.take();
  edits.set(FieldId::x_request_id, id);
  return id;
}

// A valid trace goes on; anything else is replaced by a new one, and its tracestate is void (W3C
// Trace Context 3.3).
std::string_view add_trace(const RequestHead& head, Random& random, Scratch& scratch,
                           EditList& edits) {
  const auto count = std::ranges::count(head.fields(), FieldId::traceparent, &Field::id);
  if (count == 1) {
    const Field* received = find_kept(head, FieldId::traceparent);
    const std::string_view id =
        received == nullptr ? std::string_view() : trace_id_of(head.value(*received));
    if (!id.empty()) return id;
  }
  const std::string_view trace_id = write_traceparent(scratch.at(), random);
  scratch.advance_to(scratch.at() + kTraceparentBytes);
  edits.set(FieldId::traceparent, scratch.take());
  edits.push(EditKind::remove, FieldId::tracestate, field_name(FieldId::tracestate), {});
  return trace_id;
}

constexpr std::uint64_t kNoMaxForwards = ~std::uint64_t{0};

// The number of Max-Forwards for the methods it is for (RFC 9110 section 7.6.2; TRACE is refused
// before). Larger numbers than fit count as the largest; anything else is as good as absent.
std::uint64_t max_forwards(const RequestHead& head) {
  const Field* field = find_kept(head, FieldId::max_forwards);
  if (head.method() != Method::options || field == nullptr) return kNoMaxForwards;
  std::uint64_t number = 0;
  for (const char c : head.value(*field)) {
    if (!ascii::is_digit(c)) return kNoMaxForwards;
    number = std::min<std::uint64_t>(number * 10 + static_cast<std::uint64_t>(c - '0'),
                                     limits::kMaxForwardsHops + 1);
  }
  return field->value.length == 0 ? kNoMaxForwards : number;
}

void add_max_forwards(const RequestHead& head, Scratch& scratch, EditList& edits) {
  const std::uint64_t number = max_forwards(head);
  if (number == kNoMaxForwards || number == 0) return;
  scratch.advance_to(std::to_chars(scratch.at(), scratch.at() + kNumberBytes, number - 1).ptr);
  edits.set(FieldId::max_forwards, scratch.take());
}

void add_via(const Head& head, EditList& edits) {
  const std::string_view received_by = head.major_version() == 2   ? "2.0 weir"
                                       : head.minor_version() == 0 ? "1.0 weir"
                                                                   : "1.1 weir";
  edits.push(EditKind::add, FieldId::via, field_name(FieldId::via), received_by);
}

}  // namespace

ForwardedIds add_forwarding_edits(const RequestHead& head, const Origin& origin, Random& random,
                                  Buffer& buffer, EditList& edits) {
  Scratch scratch(buffer, scratch_bytes(head));
  ForwardedIds ids;
  add_via(head, edits);
  add_forwarded_for(head, origin, scratch, edits);
  add_forwarded_proto_and_host(head, origin, edits);
  add_certificate(origin, edits);
  ids.request_id = add_request_id(head, random, scratch, edits);
  ids.trace_id = add_trace(head, random, scratch, edits);
  add_max_forwards(head, scratch, edits);
  return ids;
}

void add_response_edits(const ResponseHead& head, EditList& edits) {
  add_via(head, edits);
}

bool must_answer_here(const RequestHead& head) {
  return max_forwards(head) == 0;
}

}  // namespace weir::http
