// The part of HTTP/1 parsing that requests and responses share: feeding llhttp, limits, and where
// bytes are kept. Positions count from the first byte of the start line; while the head is read
// they are offsets into its buffer too, because all of its bytes are copied there, once, as they
// come.
#include "http/h1_parser.h"

#include <algorithm>
#include <limits>

#include "base/ascii.h"
#include "http/field_classes.h"
#include "http/h1_callbacks.h"

namespace weir::http {
namespace {

// Offsets into heads have 32 bits.
constexpr std::size_t kMostHeadBytes = std::size_t{1} << 30;
// A method longer than this is one Weir does not know; no need to see all of it.
constexpr std::size_t kLongestMethod = 64;
// Others count bytes in signed integers; the same bound as for Content-Length.
constexpr std::uint64_t kMostContent = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kLineEnd = 2;  // CRLF

bool is_rtsp_method(std::uint8_t method) {
  return method > HTTP_PRI && method <= HTTP_FLUSH;
}

void finish_fields(const Head& head, std::span<Field> fields) {
  for (Field& field : fields) {
    field.id = field_id(head.name(field));
    const std::string_view value = head.value(field);
    const std::string_view trimmed = ascii::trim(value);
    field.value.offset += static_cast<std::uint32_t>(trimmed.data() - value.data());
    field.value.length = static_cast<std::uint32_t>(trimmed.size());
  }
}

// What the start line has said so far; HTTP/0.9 says nothing at all.
bool is_version_2(const llhttp_t& llhttp) {
  return llhttp.http_major == 2;
}
bool is_version_1(const llhttp_t& llhttp) {
  return llhttp.http_major == 1 && llhttp.http_minor <= 1;
}
bool is_version_0(const llhttp_t& llhttp) {
  return llhttp.http_major == 0 && llhttp.http_minor == 9;
}

}  // namespace

H1Parser::H1Parser(llhttp_type type) {
  llhttp_init(&llhttp_, type, &H1Callbacks::settings());
  llhttp_.data = this;
}

void H1Parser::begin(Head& head, const HeadLimits& limits) {
  llhttp_reset(&llhttp_);
  head_ = &head;
  limits_ = limits;
  limits_.head_bytes = std::min(limits.head_bytes, kMostHeadBytes);
  phase_ = llhttp_.type == HTTP_REQUEST ? Phase::empty_lines : Phase::head;
  empty_line_bytes_ = 0;
  paused_ = false;
  run_position_ = name_end_ = trailers_begin_ = content_end_ = 0;
  start_line_part_ = Slice();
  chunks_ = ChunkMeter();
  touched_ = false;
}

ParseStep H1Parser::feed(std::string_view bytes) {
  step_ = ParseStep();
  spans_ = 0;
  if (paused_) {
    llhttp_resume(&llhttp_);
    paused_ = false;
  }
  std::string_view rest = bytes;
  if (phase_ == Phase::empty_lines) skip_empty_lines(rest);
  if (phase_ == Phase::head) run_head(rest);
  if (phase_ == Phase::odd_method) judge_odd_method(rest);
  if ((phase_ == Phase::content || phase_ == Phase::trailers) && !paused_) run(rest, rest.size());
  step_.consumed = bytes.size() - rest.size();
  step_.content = {span_.data(), spans_};
  return step_;
}

// RFC 9112 section 2.2 asks servers to overlook a CRLF or two before a request. llhttp would
// overlook any number of CRs and LFs in any order.
void H1Parser::skip_empty_lines(std::string_view& rest) {
  while (!rest.empty()) {
    const bool inside = empty_line_bytes_ % 2 == 1;
    if (!inside && rest.front() != '\r') {
      phase_ = Phase::head;
      return;
    }
    if (inside && rest.front() != '\n') return fail(Errc::bad_request_line);
    if (empty_line_bytes_ == 2 * limits::kLeadingEmptyLines) return fail(Errc::bad_request_line);
    ++empty_line_bytes_;
    rest.remove_prefix(1);
  }
}

// llhttp is never shown more than the head may have, so that nothing too large is ever parsed or
// kept.
void H1Parser::run_head(std::string_view& rest) {
  if (rest.empty()) return;
  touched_ = true;
  // llhttp would skip it.
  const bool line_end = rest.front() == '\r' || rest.front() == '\n';
  if (line_end && head_->bytes_.empty()) return fail(Errc::bad_request_line);
  const std::string_view before = rest;
  run(rest, limits_.head_bytes - head_->bytes_.size());
  if (phase_ != Phase::head) return;
  head_->bytes_.append(before.substr(0, before.size() - rest.size()));
  if (is_version_2(llhttp_)) return fail(Errc::bad_version);
  // A whole line with no version, as of HTTP/0.9: more need not come.
  const bool line_ended = head_->bytes_.view().find('\n') != std::string_view::npos;
  if (line_ended && llhttp_.http_major == 0) return fail(Errc::bad_request_line);
  if (head_->bytes_.size() >= limits_.head_bytes) fail(Errc::head_too_large);
}

// llhttp stops at the first byte that fits none of its methods. Whether that is a method we do not
// know (501) or no request at all (400) shows at the first byte that cannot be in a method.
void H1Parser::judge_odd_method(std::string_view& rest) {
  Buffer& seen = head_->bytes_;
  const std::size_t more = std::min(rest.size(), kLongestMethod + 1);
  seen.append(rest.substr(0, more));
  rest.remove_prefix(more);
  const std::string_view line = seen.view();
  std::size_t length = 0;
  while (length < line.size() && ascii::is_token_char(line[length])) ++length;
  if (length > kLongestMethod) return fail(Errc::unknown_method);
  if (length == line.size()) return;
  // "PROXY" begins a PROXY protocol header where none is expected.
  const bool request = line[length] == ' ' && length > 0 && line.substr(0, length) != "PROXY";
  fail(request ? Errc::unknown_method : Errc::bad_request_line);
}

// Lets llhttp work on at most `most` bytes of `rest`.
void H1Parser::run(std::string_view& rest, std::size_t most) {
  const std::string_view piece = rest.substr(0, most);
  if (piece.empty()) return;
  run_ = piece.data();
  run_end_ = run_ + piece.size();
  const llhttp_errno error = llhttp_execute(&llhttp_, piece.data(), piece.size());
  const char* end = run_end_;
  if (error == HPE_PAUSED) {
    end = llhttp_get_error_pos(&llhttp_);
  } else if (error == HPE_INVALID_METHOD && phase_ == Phase::head) {
    phase_ = Phase::odd_method;
    return;  // with all of the piece still to be judged
  } else if (error != HPE_OK && !step_.error) {
    fail(fault_of(error));
  }
  if (!step_.error) close_run(end);
  rest.remove_prefix(static_cast<std::size_t>(end - run_));
}

// All bytes before `end` have been parsed: checks the limits that only the position tells.
void H1Parser::close_run(const char* end) {
  const std::uint64_t position = position_of(end);
  run_position_ = position;
  if (step_.complete && chunks_.in_line() && !chunks_.end_line(position - kLineEnd)) {
    fail(Errc::bad_chunk);
  } else if (!chunks_.reached(position)) {
    fail(Errc::bad_chunk);
  } else if (!trailers_fit(position)) {
    fail(Errc::head_too_large);
  } else if (step_.complete) {
    phase_ = Phase::done;
  }
}

std::uint64_t H1Parser::position_of(const char* at) const {
  return run_position_ + static_cast<std::uint64_t>(at - run_);
}

// What an error of llhttp's own is called, by where it happened.
Errc H1Parser::fault_of(llhttp_errno error) const {
  if (phase_ == Phase::trailers) return Errc::bad_trailer;
  if (phase_ == Phase::content) return Errc::bad_chunk;
  if (is_version_0(llhttp_)) return Errc::bad_request_line;
  switch (error) {
    case HPE_INVALID_URL:
      return Errc::bad_target;
    case HPE_INVALID_VERSION:
      // The version may be a good one with something bad behind it.
      return is_version_1(llhttp_) ? Errc::bad_request_line : Errc::bad_version;
    case HPE_INVALID_CONTENT_LENGTH:
    case HPE_UNEXPECTED_CONTENT_LENGTH:
    case HPE_INVALID_TRANSFER_ENCODING:
      return Errc::bad_framing;
    case HPE_INVALID_CONSTANT:
      return is_rtsp_method(llhttp_.method) ? Errc::unknown_method : Errc::bad_request_line;
    default:
      return head_->fields_.empty() && llhttp_.http_major == 0 ? Errc::bad_request_line
                                                               : Errc::bad_field;
  }
}

void H1Parser::fail(Errc request_fault) {
  step_.error = Error{name_fault(request_fault)};
  step_.complete = false;
  phase_ = Phase::done;
}

// For callbacks: records the fault and makes llhttp stop.
int H1Parser::refuse(Errc request_fault) {
  fail(request_fault);
  return HPE_USER;
}

int H1Parser::take_start_line_part(std::string_view part) {
  if (start_line_part_.length == 0) {
    start_line_part_.offset = static_cast<std::uint32_t>(position_of(part.data()));
  }
  start_line_part_.length += static_cast<std::uint32_t>(part.size());
  if (llhttp_.type == HTTP_RESPONSE) return HPE_OK;
  // The HTTP/2 preface, which llhttp would wait for the rest of.
  if (llhttp_.method == HTTP_PRI) return refuse(Errc::bad_request_line);
  if (start_line_part_.length > limits::kTargetBytes) return refuse(Errc::target_too_long);
  return HPE_OK;
}

// Names and values come in pieces where the bytes were cut; a piece that begins where the last one
// ended belongs to it.
int H1Parser::take_field_name(std::string_view part) {
  if (phase_ != Phase::head) return take_trailer_name(part);
  const std::uint64_t position = position_of(part.data());
  if (position != name_end_) {
    if (head_->fields_.size() >= limits_.fields) return refuse(Errc::too_many_fields);
    head_->fields_.emplace_back().name.offset = static_cast<std::uint32_t>(position);
  }
  name_end_ = position + part.size();
  Slice& name = head_->fields_.back().name;
  name.length += static_cast<std::uint32_t>(part.size());
  return name.length > limits::kFieldNameBytes ? refuse(Errc::head_too_large) : HPE_OK;
}

// Trailer fields are kept without what is between them, at offsets past the head's.
int H1Parser::take_trailer_name(std::string_view part) {
  const std::uint64_t position = position_of(part.data());
  if (chunks_.in_line()) {  // the last chunk's, which ends where trailers begin
    trailers_begin_ = position;
    if (!chunks_.end_line(position)) return refuse(Errc::bad_chunk);
  }
  if (!trailers_fit(position + part.size())) return refuse(Errc::head_too_large);
  const std::size_t offset = head_->bytes_.size() + head_->trailer_bytes_.size();
  if (position != name_end_) {
    if (head_->fields_.size() + head_->trailers_.size() >= limits_.fields) {
      return refuse(Errc::too_many_fields);
    }
    head_->trailers_.emplace_back().name.offset = static_cast<std::uint32_t>(offset);
  }
  name_end_ = position + part.size();
  head_->trailer_bytes_.append(part);
  Slice& name = head_->trailers_.back().name;
  name.length += static_cast<std::uint32_t>(part.size());
  return name.length > limits::kFieldNameBytes ? refuse(Errc::head_too_large) : HPE_OK;
}

int H1Parser::take_field_value(std::string_view part) {
  if (part.empty()) return HPE_OK;
  const bool trailer = phase_ == Phase::trailers;
  const std::uint64_t position = position_of(part.data());
  std::uint64_t offset = position;
  if (trailer) {
    if (!trailers_fit(position + part.size())) return refuse(Errc::head_too_large);
    offset = head_->bytes_.size() + head_->trailer_bytes_.size();
    head_->trailer_bytes_.append(part);
  }
  Slice& value = (trailer ? head_->trailers_ : head_->fields_).back().value;
  if (value.length == 0) value.offset = static_cast<std::uint32_t>(offset);
  value.length += static_cast<std::uint32_t>(part.size());
  return HPE_OK;
}

bool H1Parser::trailers_fit(std::uint64_t position) const {
  if (trailers_begin_ == 0) return true;
  return head_->head_bytes_ + (position - trailers_begin_) <= limits_.head_bytes;
}

int H1Parser::take_content(std::string_view part) {
  if (part.empty()) return HPE_OK;
  const std::uint64_t position = position_of(part.data());
  if (chunks_.in_line() && !chunks_.end_line(position)) return refuse(Errc::bad_chunk);
  chunks_.add_content(part.size());
  content_end_ = position + part.size();
  span_[spans_++] = part;
  return HPE_OK;
}

int H1Parser::finish_head() {
  if (is_version_2(llhttp_)) return refuse(Errc::bad_version);
  if (llhttp_.http_major == 0) return refuse(Errc::bad_request_line);
  if (!copy_rest_of_head()) return refuse(Errc::bad_field);
  head_->head_bytes_ = head_->bytes_.size();
  head_->minor_version_ = llhttp_.http_minor;
  finish_fields(*head_, head_->fields_);
  if (const Errc code = check_head(); code != Errc::none) return refuse(code);
  if (!framing_agrees()) return refuse(Errc::bad_framing);
  phase_ = Phase::content;
  step_.head = true;
  if (head_->framing_ == Framing::chunked) chunks_.begin_line(head_->head_bytes_);
  // An upgrade is not llhttp's to decide: what follows is HTTP until the caller knows better.
  llhttp_.upgrade = 0;
  llhttp_.flags &= static_cast<std::uint16_t>(~(F_UPGRADE | F_CONNECTION_UPGRADE));
  constexpr int kNoContent = 1;
  return head_->framing_ == Framing::none ? kNoContent : HPE_OK;
}

// llhttp tells no position here. What it has not handed over yet is white space and line ends up to
// the empty line.
bool H1Parser::copy_rest_of_head() {
  Buffer& bytes = head_->bytes_;
  const char* copied = run_;
  const Field* last = head_->fields_.empty() ? nullptr : &head_->fields_.back();
  std::uint64_t known = start_line_part_.offset + start_line_part_.length;
  if (last != nullptr)
    known = std::max(name_end_, std::uint64_t{last->value.offset} + last->value.length);
  const char* at = known > run_position_ ? run_ + (known - run_position_) : run_;
  do {
    at = std::find(at, run_end_, '\n');
    if (at == run_end_)
      return false;  // the head ended some other way, which strict llhttp does not take
    ++at;
    bytes.append({copied, at});
    copied = at;
  } while (!bytes.view().ends_with("\r\n\r\n"));
  return true;
}

// Two readings of where the message ends are one too many: llhttp's must be ours.
bool H1Parser::framing_agrees() const {
  const bool chunked = (llhttp_.flags & F_CHUNKED) != 0;
  const bool length = (llhttp_.flags & F_CONTENT_LENGTH) != 0;
  switch (head_->framing_) {
    case Framing::none:
      return llhttp_.type == HTTP_RESPONSE || (!chunked && !length);
    case Framing::length:
      return length && !chunked && llhttp_.content_length == head_->content_length_;
    case Framing::chunked:
      return chunked && !length;
    case Framing::until_close:
      return !chunked && !length;
  }
  return false;
}

int H1Parser::finish_message() {
  finish_fields(*head_, head_->trailers_);
  for (Field& field : head_->trailers_) {
    field.dropped = is_forbidden_trailer(field.id, head_->name(field));
  }
  step_.complete = true;
  return HPE_PAUSED;
}

int H1Parser::finish_chunk_line() {
  if (llhttp_.content_length > kMostContent) return refuse(Errc::bad_chunk);
  if (llhttp_.content_length == 0) phase_ = Phase::trailers;
  return HPE_OK;
}

int H1Parser::finish_chunk() {
  if (phase_ != Phase::content) return HPE_OK;
  chunks_.begin_line(content_end_ + kLineEnd);
  if (spans_ < span_.size()) return HPE_OK;
  paused_ = true;
  return HPE_PAUSED;
}

int H1Parser::take_chunk_extension(const char* name) {
  chunks_.begin_extension(position_of(name) - 1);
  return HPE_OK;
}

bool H1Parser::end_content() {
  if (phase_ != Phase::content || head_->framing_ != Framing::until_close) return false;
  phase_ = Phase::done;
  return true;
}

}  // namespace weir::http
