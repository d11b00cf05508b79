// A session's life: settings, input, what is told, and its ends. Output is h2_output.cc.
#include "http/h2_session.h"

#include <array>
#include <cassert>
#include <limits>

#include "http/h2_callbacks.h"

namespace weir::http {
namespace {

std::uint32_t as_setting(std::size_t number) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::uint32_t>(number < kMost ? number : kMost);
}

}  // namespace

void H2StreamState::clear() {
  assert(!open_ && !touched_link_.linked());
  id_ = 0;
  reset_by_client_ = request_ended_ = deferred_ = false;
  response_ended_ = response_framed_ = head_done_ = complete_ = closed_ = tunnel_ = false;
  fault_ = Errc::none;
  spans_ = 0;
  waiting_.clear();
  direct_ = {};
  direct_skip_ = direct_bytes_ = 0;
  trailers_.clear();
  framed_ = 0;
  unframed_head_ = 0;
}

H2Session::H2Session(std::shared_ptr<H2Shared> shared, H2SessionEvents& events,
                     const H2Limits& limits, ChunkPool& chunks)
    : shared_(std::move(shared)), events_(events), limits_(limits), output_(chunks) {
  nghttp2_session_server_new2(&session_, shared_->callbacks, this, shared_->option);
  // Without RFC 7540's priorities (RFC 9113 section 5.3.2): there is no tree that a client could
  // grow.
  const std::array<nghttp2_settings_entry, 5> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits_.max_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits_.window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, as_setting(limits_.head.head_bytes)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, limits_.tunnels ? 1U : 0U},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(limits_.connection_window));
}

H2Session::~H2Session() {
  nghttp2_session_del(session_);
}

// --- input ---

void H2Session::receive(std::string_view bytes, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  windows_changed_ = false;
  bool paused = false;
  while (!dead_ && (paused || !bytes.empty())) {
    const ssize_t used = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (used < 0) {
      fail(static_cast<int>(used));
      break;
    }
    paused = static_cast<std::size_t>(used) < bytes.size();
    bytes.remove_prefix(static_cast<std::size_t>(used));
    // It may have paused at the last byte too, with the frame's end still to be seen.
    touched_.for_each(
        [&paused](const H2StreamState& stream) { paused |= stream.spans_ == stream.span_.size(); });
    dispatch();
  }
  dispatch();
}

void H2Session::touch(H2StreamState& stream) {
  if (!stream.touched_link_.linked()) touched_.push_back(stream);
}

void H2Session::dispatch() {
  while (!touched_.empty()) tell(touched_.pop_front());
}

// What a stream that is gone has still sent is not worth an origin's time; but the last words of a
// tunnel may be what closed it.
void H2Session::tell(H2StreamState& stream) {
  const bool closed = stream.closed_;  // before it is told, which may close it
  const bool last_words = closed && stream.tunnel_ && stream.fault_ == Errc::none;
  ParseStep step;
  step.head = std::exchange(stream.head_done_, false);
  step.complete = std::exchange(stream.complete_, false);
  step.content = {stream.span_.data(), std::exchange(stream.spans_, std::uint8_t{0})};
  if (stream.fault_ != Errc::none) step.error = {stream.fault_};
  const bool anything = step.head || step.complete || step.error || !step.content.empty();
  const bool heard = !broken() && (!closed || last_words);
  if (heard && anything) events_.on_stream_input(stream, step);
  if (!closed) return;
  stream.waiting_.clear();
  const Errc reason = stream.fault_;
  if (reason != Errc::none && reason != Errc::client_gone) events_.on_abuse(H2Abuse::malformed);
  events_.on_stream_closed(stream, reason);
}

void H2Session::take(H2StreamState& stream, std::size_t bytes) {
  if (stream.open_ && !dead_) nghttp2_session_consume_stream(session_, stream.id_, bytes);
}

bool H2Session::in_order(std::int32_t stream) {
  if (stream <= newest_stream_) return stream < gap_begin_ || stream >= gap_end_;
  if (stream > newest_stream_ + 2) {
    gap_begin_ = newest_stream_ + 2;
    gap_end_ = stream;
  }
  newest_stream_ = stream;
  return true;
}

bool H2Session::meter(H2Meter& bucket, const limits::H2Allowance& allowance, H2Abuse abuse) {
  if (bucket.take(allowance, now_ms_)) return true;
  abandon(H2Code::enhance_your_calm, abuse);
  return false;
}

// --- ends ---

void H2Session::reset(H2StreamState& stream, H2Code code) {
  if (!stream.open_ || dead_) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id_,
                            static_cast<std::uint32_t>(code));
}

void H2Session::forget(H2StreamState& stream) {
  stream.open_ = false;
  stream.touched_link_.unlink();
}

void H2Session::begin_shutdown() {
  if (std::exchange(shutdown_begun_, true) || dead_) return;
  nghttp2_submit_shutdown_notice(session_);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
}

void H2Session::finish_shutdown() {
  shutdown_begun_ = true;
  if (std::exchange(shutdown_finished_, true) || dead_) return;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last_stream(), NGHTTP2_NO_ERROR, nullptr, 0);
}

bool H2Session::finished() const {
  if (dead_) return true;
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

std::int32_t H2Session::last_stream() const {
  return nghttp2_session_get_last_proc_stream_id(session_);
}

// nghttp2 gave up, and may not be asked for a GOAWAY.
void H2Session::fail(int library_error) {
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

void H2Session::abandon(H2Code code, H2Abuse abuse) {
  if (std::exchange(dead_, true)) return;
  heading_ = nullptr;
  append_goaway(code);
  events_.on_abuse(abuse);
}

// By hand, because nghttp2 may be in the middle of something; output_ always ends with a whole
// frame.
void H2Session::append_goaway(H2Code code) {
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
