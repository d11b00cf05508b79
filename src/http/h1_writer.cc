// Heads of requests and responses, and chunk framing. What a hop must say about itself (Host,
// Connection, framing) is decided here and nowhere else, so edits of those fields are ignored.
#include "http/h1_writer.h"

#include <charconv>

#include "base/ascii.h"
#include "http/field_writer.h"

namespace weir::http {
namespace {

constexpr std::size_t kExtraBytes = 256;  // version, status, Connection and framing lines

constexpr std::uint64_t kHopFields =
    EditIndex::bit(FieldId::connection) | EditIndex::bit(FieldId::keep_alive) |
    EditIndex::bit(FieldId::te) | EditIndex::bit(FieldId::proxy_connection) |
    EditIndex::bit(FieldId::http2_settings);
constexpr std::uint64_t kFramingFields =
    EditIndex::bit(FieldId::content_length) | EditIndex::bit(FieldId::transfer_encoding);

// Connection options belong to fields that are really there: an Upgrade that was dropped or removed
// is not announced.
void put_request_connection(FieldWriter& writer, bool upgrade, bool te) {
  if (te) writer.put("TE: trailers\r\n");
  if (upgrade && te) {
    writer.put("Connection: upgrade, TE\r\n");
  } else if (upgrade) {
    writer.put("Connection: upgrade\r\n");
  } else if (te) {
    writer.put("Connection: TE\r\n");
  }
}

// RFC 9110 sections 15.2.2 and 15.5.22: the statuses that must say Upgrade.
bool offers_upgrade(int status) {
  return status == 101 || status == 426;
}

void put_response_connection(FieldWriter& writer, const ResponseHead& head,
                             const ResponseFraming& framing, bool upgrade) {
  if (upgrade) {
    writer.put(framing.keep_alive || head.status() == 101 ? "Connection: upgrade\r\n"
                                                          : "Connection: upgrade, close\r\n");
  } else if (head.interim()) {
    return;
  } else if (!framing.keep_alive) {
    writer.put("Connection: close\r\n");
  } else if (framing.client_minor_version == 0) {
    writer.put("Connection: keep-alive\r\n");
  }
}

void put_status(FieldWriter& writer, int status, std::string_view reason) {
  const char digits[] = {static_cast<char>('0' + status / 100 % 10),
                         static_cast<char>('0' + status / 10 % 10),
                         static_cast<char>('0' + status % 10)};
  writer.put("HTTP/1.1 ").put({digits, sizeof digits}).put(" ").put(reason).put("\r\n");
}

}  // namespace

std::string_view host_to_send(const RequestHead& head, std::string_view host,
                              std::span<const HeadEdit> edits) {
  for (const HeadEdit& edit : edits) {
    if (edit.id == FieldId::host && edit.kind == EditKind::set) host = edit.value;
  }
  return host.empty() ? head.authority() : host;
}

void write_request_head(Buffer& out, const RequestHead& head, std::string_view path,
                        std::string_view host, std::span<const HeadEdit> edits) {
  constexpr std::uint64_t kOurs = kHopFields | kFramingFields | EditIndex::bit(FieldId::host);
  const EditIndex index(edits, kOurs);
  const std::string_view sent_host = host_to_send(head, host, edits);
  FieldWriter writer(out, head, edits,
                     head.method_name().size() + path.size() + sent_host.size() + kExtraBytes);
  writer.put(head.method_name()).put(" ").put(path).put(" HTTP/1.1\r\n");

  const bool received_host = head.find(FieldId::host) != nullptr;
  if (!received_host) writer.put_line("Host", sent_host);
  bool upgrade = false;
  for (const Field& field : head.fields()) {
    if (field.id == FieldId::host) {
      if (head.value(field) == sent_host) {
        writer.copy(field);
      } else {
        writer.flush();
        writer.put_line(head.name(field), sent_host);
      }
      continue;
    }
    if (field.dropped || (kHopFields & EditIndex::bit(field.id)) != 0) continue;
    if (field.id == FieldId::transfer_encoding || index.displaces(field.id, head.name(field))) {
      continue;
    }
    if (field.id == FieldId::upgrade && !head.wants_upgrade()) continue;
    upgrade |= field.id == FieldId::upgrade;
    writer.copy(field);
  }
  writer.flush();
  if (head.framing() == Framing::chunked) writer.put("Transfer-Encoding: chunked\r\n");
  put_request_connection(writer, upgrade, head.accepts_trailers());
  writer.put_edits(index, edits);
  writer.finish();
}

ResponseFraming response_framing(const ResponseHead& head, const RequestHead& request,
                                 bool keep_alive) {
  ResponseFraming framing{.framing = head.framing(),
                          .keep_alive = keep_alive && request.keep_alive(),
                          .client_minor_version = request.minor_version()};
  if (framing.framing == Framing::chunked || framing.framing == Framing::until_close) {
    const bool takes_chunks = request.minor_version() >= 1;
    framing.framing = takes_chunks ? Framing::chunked : Framing::until_close;
    framing.keep_alive = framing.keep_alive && takes_chunks;
  }
  return framing;
}

void write_response_head(Buffer& out, const ResponseHead& head, const ResponseFraming& framing,
                         std::span<const HeadEdit> edits) {
  const EditIndex index(edits, kHopFields | kFramingFields);
  FieldWriter writer(out, head, edits, head.reason().size() + kExtraBytes);
  // HTTP/2 has no reason phrases (RFC 9113 section 8.3.2).
  const bool has_reason = head.major_version() == 1;
  put_status(writer, head.status(), has_reason ? head.reason() : reason_phrase(head.status()));

  const bool length_is_told =
      framing.framing == Framing::length || framing.framing == Framing::none;
  bool upgrade = false;
  for (const Field& field : head.fields()) {
    if (field.dropped || (kHopFields & EditIndex::bit(field.id)) != 0) continue;
    if (field.id == FieldId::transfer_encoding || index.displaces(field.id, head.name(field))) {
      continue;
    }
    if (field.id == FieldId::content_length && !length_is_told) continue;
    if (field.id == FieldId::upgrade && !offers_upgrade(head.status())) continue;
    upgrade |= field.id == FieldId::upgrade;
    writer.copy(field);
  }
  writer.flush();
  if (framing.framing == Framing::chunked) writer.put("Transfer-Encoding: chunked\r\n");
  put_response_connection(writer, head, framing, upgrade);
  writer.put_edits(index, edits);
  writer.finish();
}

void write_chunk_size(Buffer& out, std::uint64_t size) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, size, 16);
  out.append({digits, end.ptr});
  out.append("\r\n");
}

void write_last_chunk(Buffer& out, const Head* trailers_of) {
  out.append("0\r\n");
  if (trailers_of != nullptr) {
    for (const Field& field : trailers_of->trailers()) {
      if (field.dropped) continue;
      out.append(trailers_of->name(field));
      out.append(": ");
      out.append(trailers_of->value(field));
      out.append("\r\n");
    }
  }
  out.append("\r\n");
}

}  // namespace weir::http
