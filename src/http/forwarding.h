// What a proxy must do to fields in passing (RFC 9110 section 7.6, RFC 9112 section 9): drop
// hop-by-hop and Connection-nominated fields, set X-Forwarded-*, X-Request-Id, Via, Max-Forwards,
// traceparent. Marks fields dropped in the head and yields edits for the writer. Pure: no IO, no
// clock, no allocation.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include <weir/address.h>
#include <weir/error.h>
#include <weir/limits.h>

#include "base/buffer.h"
#include "base/random.h"
#include "http/h1_writer.h"
#include "http/head.h"

namespace weir::http {

// Up to kMax edits in place; adding more is refused (false), which callers size their lists to
// never see.
template <std::size_t Max>
class EditsUpTo {
 public:
  static constexpr std::size_t kMax = Max;
  // False: it is full, and the edit is left out.
  bool push(const HeadEdit& edit) {
    if (size_ == kMax) return false;
    edits_[size_++] = edit;
    return true;
  }
  bool push(EditKind kind, FieldId id, std::string_view name, std::string_view value) {
    return push(HeadEdit{kind, id, name, value});
  }
  void push_all(std::span<const HeadEdit> edits) {
    for (const HeadEdit& edit : edits) push(edit);
  }
  void set(FieldId id, std::string_view value) { push(EditKind::set, id, field_name(id), value); }
  std::span<const HeadEdit> edits() const { return {edits_.data(), size_}; }
  void clear() { size_ = 0; }

 private:
  std::array<HeadEdit, kMax> edits_;
  std::size_t size_ = 0;
};

// A message's.
using EditList = EditsUpTo<64>;
static_assert(EditList::kMax >= limits::kRouteEdits + 16, "the proxy's own edits need room too");

// Where a request came from, as far as forwarding is concerned.
struct Origin {
  IpAddress peer;
  bool peer_is_trusted = false;  // in the listener's trusted_proxies
  bool tls = false;
  // Of the client's certificate, where it proved one: the values of Client-Cert and
  // Client-Cert-Chain (RFC 9440 section 2), and the subject's name.
  std::string_view certificate = {};
  std::string_view certificate_chain = {};
  std::string_view certificate_subject = {};
};

// A block of addresses that may be believed; empty = nobody.
struct Network {
  std::array<std::uint8_t, 16> network{};
  int prefix = 128;
};

// The client's address: the peer unless it is trusted; then the right-most untrusted entry of
// X-Forwarded-For (all its lines together), the left-most when all are trusted, the peer when it is
// absent or unreadable.
IpAddress client_address(const RequestHead& head, const IpAddress& peer,
                         std::span<const Network> trusted);

// Marks hop-by-hop and Connection-nominated fields dropped (Host, framing fields and the like
// cannot be nominated), and Forwarded, X-Forwarded-*, X-Real-IP and fields that speak of a client's
// certificate of untrusted peers.
void drop_request_fields(RequestHead& head, bool peer_is_trusted);
void drop_response_fields(ResponseHead& head);

// Appends the forwarding edits. `scratch` holds the composed values (its content is appended to and
// must live until the head is written, so reserve() it: views point into it). `request_id` is what
// the log shows: the trusted client's or a fresh one from `random`.
struct ForwardedIds {
  std::string_view request_id;
  std::string_view trace_id;  // 32 hex digits, from traceparent: passed or started
};
ForwardedIds add_forwarding_edits(const RequestHead& head, const Origin& origin, Random& random,
                                  Buffer& scratch, EditList& edits);
void add_response_edits(const ResponseHead& head, EditList& edits);  // Via

// Max-Forwards (RFC 9110 section 7.6.2): true when this request must be answered here because it
// may go no further.
bool must_answer_here(const RequestHead& head);

}  // namespace weir::http
