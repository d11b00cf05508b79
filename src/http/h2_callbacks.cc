// nghttp2's callbacks. Those for input note what has come, to be told when nghttp2 is not on the
// stack; those for output hand out content. None calls the session's owner, but for
// on_stream_begin.
#include "http/h2_callbacks.h"

#include <algorithm>
#include <cstring>

namespace weir::http {
namespace {

constexpr int kEndSession = NGHTTP2_ERR_CALLBACK_FAILURE;
constexpr std::size_t kFrameMost = 16'384;  // SETTINGS_MAX_FRAME_SIZE where nothing is said of it
constexpr std::size_t kHeaderBlockMost = 1024 * 1024;  // of a response, encoded; heads have a limit

H2Session& session_of(void* user) {
  return *static_cast<H2Session*>(user);
}

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

bool ends_stream(const nghttp2_frame_hd& hd) {
  return (hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

// Codes of resets that answer a client's fault, not an origin's and not its slowness.
bool answers_a_fault(std::uint32_t code) {
  return code != NGHTTP2_NO_ERROR && code != NGHTTP2_INTERNAL_ERROR && code != NGHTTP2_CANCEL &&
         code != NGHTTP2_ENHANCE_YOUR_CALM;
}

bool changes_windows(const nghttp2_settings& settings) {
  return std::any_of(settings.iv, settings.iv + settings.niv, [](const auto& entry) {
    return entry.settings_id == NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE;
  });
}

}  // namespace

H2Shared::H2Shared(Random& its_random) : random(its_random) {
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_option_new(&option);
  H2Callbacks::set_all(callbacks);
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

std::shared_ptr<H2Shared> make_h2_shared(Random& random) {
  return std::make_shared<H2Shared>(random);
}

void H2Callbacks::set_all(nghttp2_session_callbacks* callbacks) {
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
  nghttp2_session_callbacks_set_on_extension_chunk_recv_callback(callbacks, ignore_chunk);
  nghttp2_session_callbacks_set_unpack_extension_callback(callbacks, ignore_frame);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
  nghttp2_session_callbacks_set_send_data_callback(callbacks, send_content);
}

// --- input ---

int H2Callbacks::on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* hd, void* user) {
  H2Session& session = session_of(user);
  session.begun_ = true;
  return count_frame(session, *hd) && may_come(session, *hd) ? 0 : kEndSession;
}

// What nghttp2 lets pass though RFC 9113 does not. False: the connection has ended for it.
bool H2Callbacks::may_come(H2Session& session, const nghttp2_frame_hd& hd) {
  H2Code code = H2Code::protocol_error;
  switch (hd.type) {
    case NGHTTP2_CONTINUATION:  // section 4.2: we have not allowed larger frames
      if (hd.length <= kFrameMost) return true;
      code = H2Code::frame_size_error;
      break;
    case NGHTTP2_PRIORITY:  // section 6.3
      if (hd.stream_id != 0) return true;
      break;
    case NGHTTP2_HEADERS:
      if (session.in_order(hd.stream_id)) return true;
      break;
    default:
      return true;
  }
  session.abandon(code, H2Abuse::protocol_error);
  return false;
}

bool H2Callbacks::is_empty(const nghttp2_frame_hd& hd) {
  return hd.length == 0 && !ends_stream(hd);
}

// False: of that kind there was one too many.
bool H2Callbacks::count_frame(H2Session& session, const nghttp2_frame_hd& hd) {
  const bool acknowledges = (hd.flags & NGHTTP2_FLAG_ACK) != 0;
  if (hd.type != NGHTTP2_CONTINUATION) session.continuations_ = 0;
  switch (hd.type) {
    case NGHTTP2_DATA:
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

int H2Callbacks::on_begin_headers(nghttp2_session* ng, const nghttp2_frame* frame, void* user) {
  H2Session& session = session_of(user);
  const std::int32_t id = frame->hd.stream_id;
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
    session.heading_ = state_of(ng, id);
    return 0;
  }
  const auto [stream, head] = session.events_.on_stream_begin();
  if (stream == nullptr) {
    nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  stream->id_ = id;
  stream->open_ = true;
  stream->builder_.begin(*head, session.limits_.head, session.limits_.underscores);
  nghttp2_session_set_stream_user_data(ng, id, stream);
  session.heading_ = stream;
  return 0;
}

int H2Callbacks::on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                           std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                           std::uint8_t, void* user) {
  H2Session& session = session_of(user);
  H2StreamState* stream = session.heading_;
  if (stream == nullptr) return 0;
  const std::string_view n = text_of(name, name_size);
  const std::string_view v = text_of(value, value_size);
  const bool sane = frame->headers.cat == NGHTTP2_HCAT_REQUEST ? stream->builder_.add(n, v)
                                                               : stream->builder_.add_trailer(n, v);
  if (sane) return 0;
  session.abandon(H2Code::enhance_your_calm, H2Abuse::header_bomb);
  return kEndSession;
}

// nghttp2 would leave the field out. A request that says something unsayable is malformed (RFC 9113
// section 8.2.1).
int H2Callbacks::on_invalid_header(nghttp2_session* ng, const nghttp2_frame* frame,
                                   const std::uint8_t*, std::size_t, const std::uint8_t*,
                                   std::size_t, std::uint8_t, void*) {
  const std::int32_t id = frame->hd.stream_id;
  if (H2StreamState* stream = state_of(ng, id)) stream->fault_ = Errc::bad_field;
  nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, id, NGHTTP2_PROTOCOL_ERROR);
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

// Content is told as runs of the bytes that are being received, so as many as fit; then nghttp2
// pauses.
int H2Callbacks::on_data(nghttp2_session* ng, std::uint8_t, std::int32_t id,
                         const std::uint8_t* bytes, std::size_t size, void* user) {
  H2Session& session = session_of(user);
  nghttp2_session_consume_connection(ng, size);
  H2StreamState* stream = state_of(ng, id);
  if (stream == nullptr) {
    nghttp2_session_consume_stream(ng, id, size);
    return 0;
  }
  stream->span_[stream->spans_++] = text_of(bytes, size);
  session.touch(*stream);
  return stream->spans_ == stream->span_.size() ? NGHTTP2_ERR_PAUSE : 0;
}

int H2Callbacks::on_frame(nghttp2_session* ng, const nghttp2_frame* frame, void* user) {
  H2Session& session = session_of(user);
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
      return finish_headers(session, *frame);
    case NGHTTP2_DATA:
      if (ends_stream(frame->hd)) {
        if (H2StreamState* stream = state_of(ng, frame->hd.stream_id)) {
          end_request(session, *stream);
        }
      } else if (frame->hd.length > 0 && frame->hd.length == frame->data.padlen &&
                 !session.meter(session.empty_, limits::kH2EmptyFrames, H2Abuse::empty_frames)) {
        return kEndSession;
      }
      return 0;
    case NGHTTP2_RST_STREAM:
      if (H2StreamState* stream = state_of(ng, frame->hd.stream_id)) {
        stream->reset_by_client_ = true;
      }
      return 0;
    case NGHTTP2_PING:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 && session.shutdown_begun_) {
        session.finish_shutdown();
      }
      return 0;
    case NGHTTP2_SETTINGS:
      session.windows_changed_ |= changes_windows(frame->settings);
      return 0;
    default:
      return 0;
  }
}

int H2Callbacks::finish_headers(H2Session& session, const nghttp2_frame& frame) {
  H2StreamState* stream = state_of(session.session_, frame.hd.stream_id);
  session.heading_ = nullptr;
  if (stream == nullptr) return 0;
  const bool ended = ends_stream(frame.hd);
  Errc fault = Errc::none;
  if (frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
    fault = stream->builder_.finish(!ended, session.shared_->random);
    stream->head_done_ = true;
  } else {
    fault = stream->builder_.finish_trailers();
  }
  if (fault != Errc::none) {
    stream->fault_ = fault;
    if (status_of(fault) == 400) {
      session.reset(*stream, H2Code::protocol_error);
    }
  }
  if (ended) end_request(session, *stream);
  session.touch(*stream);
  return 0;
}

void H2Callbacks::end_request(H2Session& session, H2StreamState& stream) {
  stream.complete_ = stream.request_ended_ = true;
  session.touch(stream);
}

int H2Callbacks::on_invalid_frame(nghttp2_session* ng, const nghttp2_frame* frame, int,
                                  void* user) {
  H2StreamState* stream = state_of(ng, frame->hd.stream_id);
  H2Session& session = session_of(user);
  if (frame->hd.type == NGHTTP2_HEADERS) session.heading_ = nullptr;
  if (stream != nullptr && stream->fault_ == Errc::none) {
    stream->fault_ = Errc::malformed_request;
  }
  return 0;
}

int H2Callbacks::on_stream_close(nghttp2_session* ng, std::int32_t id, std::uint32_t code,
                                 void* user) {
  H2StreamState* stream = state_of(ng, id);
  if (stream == nullptr) return 0;
  H2Session& session = session_of(user);
  if (session.heading_ == stream) session.heading_ = nullptr;
  stream->open_ = false;
  stream->closed_ = true;
  if (stream->reset_by_client_) {
    stream->fault_ = Errc::client_gone;
  } else if (answers_a_fault(code) && stream->fault_ == Errc::none) {
    stream->fault_ = Errc::malformed_request;
  }
  session.touch(*stream);
  return 0;
}

// --- output ---

int H2Callbacks::on_frame_sent(nghttp2_session* ng, const nghttp2_frame* frame, void* user) {
  H2Session& session = session_of(user);
  const nghttp2_frame_hd& hd = frame->hd;
  if (hd.type == NGHTTP2_RST_STREAM) {
    const std::uint32_t code = frame->rst_stream.error_code;
    // Section 6.9.2: where SETTINGS made a window too large, nghttp2 ends the stream alone.
    if (code == NGHTTP2_FLOW_CONTROL_ERROR && session.windows_changed_) {
      session.abandon(H2Code::flow_control_error, H2Abuse::protocol_error);
      return kEndSession;
    }
    const bool calm = !answers_a_fault(code) ||
                      session.meter(session.resets_, limits::kH2Resets, H2Abuse::resets);
    return calm ? 0 : kEndSession;
  }
  if (hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
    session.failed_ = true;
    session.events_.on_abuse(frame->goaway.error_code == NGHTTP2_ENHANCE_YOUR_CALM
                                 ? H2Abuse::settings
                                 : H2Abuse::protocol_error);
  }
  if (hd.type != NGHTTP2_HEADERS && hd.type != NGHTTP2_DATA) return 0;
  H2StreamState* stream = state_of(ng, hd.stream_id);
  if (stream == nullptr) return 0;
  if (hd.type == NGHTTP2_HEADERS) {
    stream->framed_ += hd.length + kH2FrameHead;
    stream->unframed_head_ = 0;
  } else {
    session.updates_.give_back(limits::kH2WindowUpdates, 2);
  }
  if (!ends_stream(hd)) return 0;
  stream->response_framed_ = true;
  // RFC 9113 section 8.1: nobody wants the rest of the request. A tunnel's other half goes on.
  if (!stream->request_ended_ && !stream->tunnel_) {
    nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, hd.stream_id, NGHTTP2_NO_ERROR);
  }
  return 0;
}

ssize_t H2Callbacks::read_content(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t most,
                                  std::uint32_t* flags, nghttp2_data_source* source, void* user) {
  auto& stream = *static_cast<H2StreamState*>(source->ptr);
  const std::size_t all = stream.waiting_.size() + stream.direct_bytes_;
  if (all == 0 && !stream.response_ended_) {
    stream.deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  const std::size_t size = std::min(all, most);
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (size == all && stream.response_ended_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!stream.trailers_.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      session_of(user).submit_trailers(stream);
    }
  }
  return static_cast<ssize_t>(size);
}

int H2Callbacks::send_content(nghttp2_session*, nghttp2_frame*, const std::uint8_t* head,
                              std::size_t size, nghttp2_data_source* source, void* user) {
  H2Session& session = session_of(user);
  if (session.output_.size() >= session.output_most_) return NGHTTP2_ERR_WOULDBLOCK;
  session.output_.append(text_of(head, kH2FrameHead));
  session.frame_content(*static_cast<H2StreamState*>(source->ptr), size);
  return 0;
}

}  // namespace weir::http
