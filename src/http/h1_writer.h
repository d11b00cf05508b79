// Writes HTTP/1 heads: the received head with edits applied in passing, in one copy into the
// worker's buffer, order and case kept. Also chunked framing and the proxy's own answers. No IO.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/buffer.h"
#include "http/head.h"

namespace weir::http {

// One change to the fields of a head. `set` replaces all fields of that name (or appends), `add`
// appends one more, `remove` drops all. Views are borrowed until written.
enum class EditKind : std::uint8_t { set, add, remove };
struct HeadEdit {
  EditKind kind = EditKind::set;
  FieldId id = FieldId::other;  // of the name, so that matching is by integer where it can be
  std::string_view name;
  std::string_view value;
};

// The authority that a request is sent with: an edit's Host, else the caller's, else as received.
std::string_view host_to_send(const RequestHead& head, std::string_view host,
                              std::span<const HeadEdit> edits);

// Appends "METHOD path HTTP/1.1", the fields that are not dropped with the edits applied, the
// framing field (the received Content-Length stays; chunked says Transfer-Encoding: chunked), and
// the empty line. `path` is what is forwarded (rewritten or received), `host` replaces the Host
// field.
void write_request_head(Buffer& out, const RequestHead& head, std::string_view path,
                        std::string_view host, std::span<const HeadEdit> edits);

// How a response's content goes to this client: as its head says, chunked, or ended by closing.
struct ResponseFraming {
  Framing framing = Framing::none;
  bool keep_alive = true;  // false: says Connection: close; true on HTTP/1.0: says keep-alive
  int client_minor_version = 1;
};
// Decides framing for a response with that head to that request (RFC 9112 section 6.3, 1.0 clients
// get no chunks).
ResponseFraming response_framing(const ResponseHead& head, const RequestHead& request,
                                 bool keep_alive);

// Appends the status line (always HTTP/1.1, RFC 9110 section 2.5) and fields.
void write_response_head(Buffer& out, const ResponseHead& head, const ResponseFraming& framing,
                         std::span<const HeadEdit> edits);

// Appends a chunk's size line ("1a2b\r\n"); the content and a "\r\n" follow.
void write_chunk_size(Buffer& out, std::uint64_t size);
// Appends the last chunk, the trailers that are not dropped (may be null), and the final empty
// line.
void write_last_chunk(Buffer& out, const Head* trailers_of);

// An answer of our own: status line, Date, Server left out, Content-Type, Content-Length, extra
// fields, body (not for HEAD and not for 204/304, but its length is told as RFC 9110 section 9.3.2
// says).
struct OwnAnswer {
  int status = 500;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string_view body;
  std::span<const HeadEdit> fields;  // added as they are
  bool head_request = false;
  bool keep_alive = false;
  int client_minor_version = 1;
  std::string_view date;  // IMF-fixdate, from the caller's clock
  // It has no content and does not say so: gRPC's "Trailers-Only". Over HTTP/2 alone.
  bool only_fields = false;
};
void write_own_answer(Buffer& out, const OwnAnswer& answer);
// May an answer with that status say how long its content is?
bool may_tell_length(int status);

std::string_view reason_phrase(int status);  // RFC 9110 section 15; "Unknown" otherwise

}  // namespace weir::http
