// Input, what is told, and ends of a session, whichever end it is. Output is h2_output.cc.
#include "http/h2_core.h"

#include <algorithm>
#include <cassert>

#include "http/h2_core_callbacks.h"

namespace weir::http {
namespace {

constexpr std::size_t kLookAhead = 16 * 1024;  // bytes; what is behind them may not matter any more

}  // namespace

void H2StreamCore::clear() {
  assert(!open_ && !touched_link_.linked());
  id_ = 0;
  reset_by_peer_ = received_end_ = deferred_ = false;
  given_end_ = framed_end_ = head_done_ = complete_ = closed_ = false;
  fault_ = Errc::none;
  spans_ = 0;
  waiting_.clear();
  direct_ = {};
  direct_skip_ = direct_bytes_ = 0;
  trailers_.clear();
  framed_ = 0;
  unframed_head_ = 0;
}

H2Core::H2Core(std::shared_ptr<H2Shared> shared, ChunkPool& chunks, std::size_t preface,
               std::size_t fields, std::uint32_t generosity)
    : shared_(std::move(shared)),
      output_(chunks),
      generosity_(generosity),
      scan_(preface),
      fields_most_((fields + limits::kH2PseudoFields) * limits::kH2BombFactor) {}

H2Core::~H2Core() {
  nghttp2_session_del(session_);
}

// --- input ---

void H2Core::receive(std::string_view bytes, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  windows_changed_ = false;
  for (; !bytes.empty() && !dead_; bytes.remove_prefix(std::min(kLookAhead, bytes.size()))) {
    receive_some(bytes.substr(0, kLookAhead));
  }
  dispatch();
}

void H2Core::receive_some(std::string_view bytes) {
  begun_data_ = 0;
  const H2Scan::Found found = scan_.take(bytes);
  if (found.most_fields > fields_most_) {
    return abandon(H2Code::enhance_your_calm, H2Abuse::header_bomb);
  }
  take_in(bytes);
  if (!broken()) count_late_data(found.data_frames);
}

void H2Core::count_late_data(std::uint32_t data_frames) {
  for (std::uint32_t i = begun_data_; i < data_frames; ++i) {
    if (!meter(late_, limits::kH2LateFrames, H2Abuse::late_frames)) return;
  }
}

void H2Core::take_in(std::string_view bytes) {
  paused_ = false;
  // It may have paused at the last byte too, with the frame's end still to be seen.
  while (!dead_ && (std::exchange(paused_, false) || !bytes.empty())) {
    const ssize_t used = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (used < 0) {
      fail(static_cast<int>(used));
      break;
    }
    bytes.remove_prefix(static_cast<std::size_t>(used));
    if (paused_) dispatch();
  }
}

void H2Core::touch(H2StreamCore& stream) {
  if (!stream.touched_link_.linked()) touched_.push_back(stream);
}

void H2Core::dispatch() {
  while (!touched_.empty()) tell(touched_.pop_front());
}

ParseStep H2Core::take_step(H2StreamCore& stream) {
  ParseStep step;
  step.head = std::exchange(stream.head_done_, false);
  step.complete = std::exchange(stream.complete_, false);
  step.content = {stream.span_.data(), std::exchange(stream.spans_, std::uint8_t{0})};
  return step;
}

void H2Core::take(H2StreamCore& stream, std::size_t bytes) {
  if (stream.open_ && !dead_) nghttp2_session_consume_stream(session_, stream.id_, bytes);
}

bool H2Core::meter(H2Meter& bucket, const limits::H2Allowance& to_client, H2Abuse abuse,
                   std::uint64_t count) {
  if (bucket.take(granted(to_client), now_ms_, count)) return true;
  abandon(H2Code::enhance_your_calm, abuse);
  return false;
}

// --- ends ---

void H2Core::reset(H2StreamCore& stream, H2Code code) {
  if (!stream.open_ || dead_) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id_,
                            static_cast<std::uint32_t>(code));
}

void H2Core::forget(H2StreamCore& stream) {
  stream.open_ = false;
  stream.touched_link_.unlink();
}

bool H2Core::finished() const {
  if (dead_) return true;
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

std::int32_t H2Core::last_stream() const {
  return nghttp2_session_get_last_proc_stream_id(session_);
}

// nghttp2 gave up, and may not be asked for a GOAWAY.
void H2Core::fail(int library_error) {
  switch (library_error) {
    case NGHTTP2_ERR_FLOODED:
      return abandon(H2Code::enhance_your_calm, H2Abuse::answer_backlog);
    case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
      return abandon(H2Code::enhance_your_calm, H2Abuse::continuations);
    case NGHTTP2_ERR_NOMEM:
      return abandon(H2Code::internal_error, H2Abuse::protocol_error);
    default:
      return abandon(H2Code::protocol_error, H2Abuse::protocol_error);
  }
}

void H2Core::abandon(H2Code code, H2Abuse abuse) {
  if (std::exchange(dead_, true)) return;
  thrown_out_ = code == H2Code::enhance_your_calm;
  heading_ = nullptr;
  append_goaway(code);
  note_abuse(abuse);
}

void H2Core::append_goaway(H2Code code) {
  constexpr std::size_t kPayload = 8;
  const auto last = static_cast<std::uint32_t>(last_stream());
  const auto number = static_cast<std::uint32_t>(code);
  std::array<char, kH2FrameHead + kPayload> frame = {0, 0, kPayload, NGHTTP2_GOAWAY};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t shift = 8 * (3 - i);
    frame[kH2FrameHead + i] = static_cast<char>(last >> shift & 0xff);
    frame[kH2FrameHead + 4 + i] = static_cast<char>(number >> shift & 0xff);
  }
  output_.append({frame.data(), frame.size()});
}

}  // namespace weir::http
