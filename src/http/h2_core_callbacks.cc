// nghttp2's callbacks that serve both ends. Those for input note what has come, to be told when
// nghttp2 is not on the stack; those for output hand out content. None calls the session's owner.
#include "http/h2_core_callbacks.h"

#include <algorithm>

namespace weir::http {
namespace {

constexpr std::size_t kFrameMost = 16'384;  // SETTINGS_MAX_FRAME_SIZE where nothing is said of it
constexpr std::size_t kHeaderBlockMost = 1024 * 1024;  // of a head, encoded; heads have a limit

bool changes_windows(const nghttp2_settings& settings) {
  return std::any_of(settings.iv, settings.iv + settings.niv, [](const auto& entry) {
    return entry.settings_id == NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE;
  });
}

}  // namespace

H2Shared::H2Shared(void (*set_end)(nghttp2_session_callbacks*), Random* its_random)
    : random(its_random) {
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_option_new(&option);
  H2CoreCallbacks::set_all(callbacks);
  set_end(callbacks);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_max_settings(option, limits::kH2SettingsEntries);
  nghttp2_option_set_max_send_header_block_length(option, kHeaderBlockMost);
  // Or nghttp2 would skip unknown frames without a word, and nobody could count them.
  for (unsigned type = NGHTTP2_CONTINUATION + 1; type <= 0xff; ++type) {
    nghttp2_option_set_user_recv_extension_type(option, static_cast<std::uint8_t>(type));
  }
}

H2Shared::~H2Shared() {
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
}

void H2CoreCallbacks::set_all(nghttp2_session_callbacks* callbacks) {
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_extension_chunk_recv_callback(callbacks, ignore_chunk);
  nghttp2_session_callbacks_set_unpack_extension_callback(callbacks, ignore_frame);
  nghttp2_session_callbacks_set_send_data_callback(callbacks, send_content);
}

// --- input ---

bool H2CoreCallbacks::begin_frame(H2Core& session, const nghttp2_frame_hd& hd) {
  session.begun_ = true;
  if (!count_frame(session, hd)) return false;
  H2Code code = H2Code::protocol_error;
  if (hd.type == NGHTTP2_CONTINUATION) {  // section 4.2: we have not allowed larger frames
    if (hd.length <= kFrameMost) return true;
    code = H2Code::frame_size_error;
  } else if (hd.type != NGHTTP2_PRIORITY || hd.stream_id != 0) {  // section 6.3
    return true;
  }
  session.abandon(code, H2Abuse::protocol_error);
  return false;
}

bool H2CoreCallbacks::count_frame(H2Core& session, const nghttp2_frame_hd& hd) {
  const bool acknowledges = (hd.flags & NGHTTP2_FLAG_ACK) != 0;
  if (hd.type != NGHTTP2_CONTINUATION) session.continuations_ = 0;
  switch (hd.type) {
    case NGHTTP2_DATA:
      ++session.begun_data_;
      [[fallthrough]];
    case NGHTTP2_HEADERS:
      return !is_empty(hd) ||
             session.meter(session.empty_, limits::kH2EmptyFrames, H2Abuse::empty_frames);
    case NGHTTP2_CONTINUATION:
      if (++session.continuations_ <= limits::kH2Continuations) return true;
      session.abandon(H2Code::enhance_your_calm, H2Abuse::continuations);
      return false;
    case NGHTTP2_RST_STREAM:
      return session.meter(session.resets_, limits::kH2Resets, H2Abuse::resets);
    case NGHTTP2_SETTINGS:
      return acknowledges ||
             session.meter(session.settings_, limits::kH2SettingsFrames, H2Abuse::settings);
    case NGHTTP2_PING:
      return acknowledges || session.meter(session.pings_, limits::kH2Pings, H2Abuse::pings);
    case NGHTTP2_PRIORITY:
    case NGHTTP2_PRIORITY_UPDATE:
      return session.meter(session.priorities_, limits::kH2Priorities, H2Abuse::priorities);
    case NGHTTP2_WINDOW_UPDATE:
      return session.meter(session.updates_, limits::kH2WindowUpdates, H2Abuse::window_updates);
    case NGHTTP2_PUSH_PROMISE:
    case NGHTTP2_GOAWAY:
      return true;
    default:
      return session.meter(session.unknown_, limits::kH2UnknownFrames, H2Abuse::unknown_frames);
  }
}

// Content is told as runs of the bytes that are being received, so as many as fit; then nghttp2
// pauses.
int H2CoreCallbacks::on_data(nghttp2_session* ng, std::uint8_t, std::int32_t id,
                             const std::uint8_t* bytes, std::size_t size, void* user) {
  H2Core& session = session_of(user);
  nghttp2_session_consume_connection(ng, size);
  H2StreamCore* stream = state_of(ng, id);
  if (stream == nullptr) {
    nghttp2_session_consume_stream(ng, id, size);
    return 0;
  }
  stream->span_[stream->spans_++] = text_of(bytes, size);
  session.touch(*stream);
  if (stream->spans_ < stream->span_.size()) return 0;
  session.pause_input();
  return NGHTTP2_ERR_PAUSE;
}

bool H2CoreCallbacks::note_data(nghttp2_session* ng, H2Core& session, const nghttp2_frame& frame) {
  if (ends_stream(frame.hd)) {
    if (H2StreamCore* stream = state_of(ng, frame.hd.stream_id)) end_received(session, *stream);
    return true;
  }
  const bool padding_alone = frame.hd.length > 0 && frame.hd.length == frame.data.padlen;
  return !padding_alone ||
         session.meter(session.empty_, limits::kH2EmptyFrames, H2Abuse::empty_frames);
}

void H2CoreCallbacks::note_settings(H2Core& session, const nghttp2_settings& settings) {
  session.windows_changed_ |= changes_windows(settings);
}

void H2CoreCallbacks::end_received(H2Core& session, H2StreamCore& stream) {
  stream.complete_ = stream.received_end_ = true;
  session.touch(stream);
}

// --- output ---

bool H2CoreCallbacks::note_reset_sent(H2Core& session, std::uint32_t code) {
  // Section 6.9.2: where SETTINGS made a window too large, nghttp2 ends the stream alone.
  if (code != NGHTTP2_FLOW_CONTROL_ERROR || !session.windows_changed_) return true;
  session.abandon(H2Code::flow_control_error, H2Abuse::protocol_error);
  return false;
}

void H2CoreCallbacks::note_goaway_sent(H2Core& session, std::uint32_t code) {
  if (code == NGHTTP2_NO_ERROR) return;
  session.failed_ = true;
  session.note_abuse(code == NGHTTP2_ENHANCE_YOUR_CALM ? H2Abuse::settings
                                                       : H2Abuse::protocol_error);
}

void H2CoreCallbacks::note_sent(H2Core& session, H2StreamCore& stream, const nghttp2_frame_hd& hd) {
  if (hd.type == NGHTTP2_HEADERS) {
    stream.framed_ += hd.length + kH2FrameHead;
    stream.unframed_head_ = 0;
  } else {
    session.updates_.give_back(session.granted(limits::kH2WindowUpdates), 2);
    // gRPC measures the way with a PING for what it gets.
    session.pings_.give_back(session.granted(limits::kH2Pings), 1);
  }
  if (ends_stream(hd)) stream.framed_end_ = true;
}

ssize_t H2CoreCallbacks::read_content(nghttp2_session*, std::int32_t, std::uint8_t*,
                                      std::size_t most, std::uint32_t* flags,
                                      nghttp2_data_source* source, void* user) {
  auto& stream = *static_cast<H2StreamCore*>(source->ptr);
  const std::size_t all = stream.waiting_.size() + stream.direct_bytes_;
  if (all == 0 && !stream.given_end_) {
    stream.deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  const std::size_t size = std::min(all, most);
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (size == all && stream.given_end_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!stream.trailers_.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      session_of(user).submit_trailers(stream);
    }
  }
  return static_cast<ssize_t>(size);
}

int H2CoreCallbacks::send_content(nghttp2_session*, nghttp2_frame*, const std::uint8_t* head,
                                  std::size_t size, nghttp2_data_source* source, void* user) {
  H2Core& session = session_of(user);
  if (session.output_.size() >= session.output_most_) return NGHTTP2_ERR_WOULDBLOCK;
  session.output_.append(text_of(head, kH2FrameHead));
  session.frame_content(*static_cast<H2StreamCore*>(source->ptr), size);
  return 0;
}

}  // namespace weir::http
