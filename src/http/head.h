// Message heads as received: one buffer of bytes and offset/length pairs into it, never pointers,
// so that growth cannot dangle. Filled by the HTTP/1 parsers, h2_request.cc and h2_response.cc,
// frozen once complete, read by traffic/, proxy/ and the writer: views taken after that stay valid
// until reset(), because trailers go to a buffer of their own. Edits never touch it: they are a
// list applied while writing (h1_writer.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/buffer.h"

namespace weir::http {

// A run of bytes of a head's buffer; offsets past its end lie in the buffer of trailers.
struct Slice {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

// Field names Weir looks at, recognised once while parsing and compared as integers after.
enum class FieldId : std::uint8_t {
  other,
#define WEIR_FIELD(id, name) id,
#include "http/field_names.def"
#undef WEIR_FIELD
};
// The id of a name, ignoring case; `other` when it has none.
FieldId field_id(std::string_view name);
std::string_view field_name(FieldId id);  // canonical spelling; empty for `other`

struct Field {
  Slice name;
  Slice value;  // without surrounding white space
  FieldId id = FieldId::other;
  // Not forwarded: hop-by-hop, nominated by Connection, an underscore twin, or replaced by ours.
  bool dropped = false;
};

// How the length of a message's content is known (RFC 9112 section 6.3).
enum class Framing : std::uint8_t { none, length, chunked, until_close };

class Head {
 public:
  Buffer& bytes() { return bytes_; }
  const Buffer& bytes() const { return bytes_; }
  std::string_view view(Slice slice) const {
    if (slice.offset >= bytes_.size() && slice.length > 0) {
      return trailer_bytes_.view(slice.offset - bytes_.size(), slice.length);
    }
    if (slice.offset > bytes_.size()) return {};  // a trailer's
    return bytes_.view(slice.offset, slice.length);
  }
  std::string_view name(const Field& field) const { return view(field.name); }
  std::string_view value(const Field& field) const { return view(field.value); }

  std::span<Field> fields() { return fields_; }
  std::span<const Field> fields() const { return fields_; }
  // The first field of that name (in any case), dropped or not; null when there is none.
  const Field* find(FieldId id) const;
  const Field* find(std::string_view name) const;
  // The value of the first such field, empty when there is none.
  std::string_view value_of(FieldId id) const;

  // Trailer fields, filled when the message is complete; those that may not be forwarded are marked
  // dropped.
  std::span<const Field> trailers() const { return trailers_; }

  std::size_t head_bytes() const { return head_bytes_; }  // received size of the head
  int minor_version() const { return minor_version_; }    // HTTP/1.x
  // 1, or 2 for a head that came by HTTP/2; its minor version says 1, because it can all that
  // HTTP/1.1 can.
  int major_version() const { return major_version_; }
  Framing framing() const { return framing_; }
  std::uint64_t content_length() const { return content_length_; }  // for Framing::length
  // Is it known already that more content follows than this? Not of chunks.
  bool announces_more_than(std::uint64_t bytes) const {
    return framing_ == Framing::length && content_length_ > bytes;
  }
  // May the connection carry another message after this one, as far as this message says (RFC 9112
  // section 9.3)?
  bool keep_alive() const { return keep_alive_; }

  // What its buffers take, used or not.
  std::size_t memory() const { return bytes_.capacity() + trailer_bytes_.capacity(); }
  // Forgets the head and gives memory beyond `kept` bytes a buffer back; for heads that wait in a
  // pool.
  void shrink(std::size_t kept) {
    bytes_.shrink(kept);
    trailer_bytes_.shrink(kept);
  }

 protected:
  friend class H1Parser;
  friend class H2HeadBuilder;
  friend class H2RequestBuilder;
  friend class H2ResponseBuilder;
  void clear();

  Buffer bytes_;
  Buffer trailer_bytes_;
  std::vector<Field> fields_;
  std::vector<Field> trailers_;
  std::size_t head_bytes_ = 0;
  std::uint64_t content_length_ = 0;
  int minor_version_ = 1;
  int major_version_ = 1;
  Framing framing_ = Framing::none;
  bool keep_alive_ = true;
};

enum class Method : std::uint8_t {
  get,
  head,
  post,
  put,
  delete_,
  options,
  patch,
  trace,
  connect,
  other
};

class RequestHead : public Head {
 public:
  Method method() const { return method_; }
  std::string_view method_name() const { return view(method_name_); }
  std::string_view target() const { return view(target_); }  // as received
  // The part of the target that is routed and forwarded: origin-form, or "*". For absolute-form,
  // what follows the authority ("/" when nothing does).
  std::string_view path_and_query() const { return view(path_and_query_); }
  std::string_view path() const;   // up to '?'
  std::string_view query() const;  // after '?', empty without
  // The authority asked for: from an absolute-form target, else Host. As received, port included.
  std::string_view authority() const { return view(authority_); }
  std::string_view host() const;  // authority without port, brackets kept; not lower-cased
  bool absolute_form() const { return absolute_form_; }

  bool safe() const;        // GET, HEAD, OPTIONS, TRACE (RFC 9110 section 9.2.1)
  bool idempotent() const;  // safe, PUT, DELETE (section 9.2.2)
  bool expects_continue() const { return expects_continue_; }
  bool wants_upgrade() const { return wants_upgrade_; }  // Upgrade named in Connection, on HTTP/1.1
  bool accepts_trailers() const { return accepts_trailers_; }  // TE: trailers
  // It wants_upgrade(), and came by HTTP/2 (RFC 8441): there any success opens the tunnel, so
  // nothing but a tunnel may be one.
  bool demands_tunnel() const { return demands_tunnel_; }
  // A server may overlook what it is asked for (RFC 9110 section 7.8).
  void withdraw_upgrade() { wants_upgrade_ = false; }

  void reset();  // for the next message; keeps memory

 private:
  friend class H1RequestParser;
  friend class H1Parser;
  friend class H2RequestBuilder;
  friend class RequestRules;
  Slice method_name_, target_, path_and_query_, authority_;
  Method method_ = Method::other;
  bool absolute_form_ = false;
  bool expects_continue_ = false;
  bool wants_upgrade_ = false;
  bool accepts_trailers_ = false;
  bool demands_tunnel_ = false;
};

inline bool is_success(int status) {
  return status >= 200 && status < 300;
}

class ResponseHead : public Head {
 public:
  int status() const { return status_; }
  std::string_view reason() const { return view(reason_); }
  bool interim() const { return status_ >= 100 && status_ < 200; }

  void reset();

 private:
  friend class H1ResponseParser;
  friend class H1Parser;
  friend class H2ResponseBuilder;
  friend class ResponseRules;
  Slice reason_;
  int status_ = 0;
};

}  // namespace weir::http
