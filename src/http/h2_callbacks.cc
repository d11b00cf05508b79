// nghttp2's callbacks of a server's session. They note what has come, to be told when nghttp2 is
// not on the stack. None calls the session's owner, but for on_stream_begin.
#include "http/h2_callbacks.h"

namespace weir::http {
namespace {

constexpr int kEndSession = H2CoreCallbacks::kEndSession;

H2Session& session_of(void* user) {
  return static_cast<H2Session&>(H2CoreCallbacks::session_of(user));
}

// Codes of resets that answer a client's fault, not an origin's and not its slowness. What is
// refused was counted when it came.
bool answers_a_fault(std::uint32_t code) {
  return code != NGHTTP2_NO_ERROR && code != NGHTTP2_INTERNAL_ERROR && code != NGHTTP2_CANCEL &&
         code != NGHTTP2_ENHANCE_YOUR_CALM && code != NGHTTP2_REFUSED_STREAM;
}

}  // namespace

std::shared_ptr<H2Shared> make_h2_shared(Random& random) {
  return std::make_shared<H2Shared>(H2Callbacks::set_all, &random);
}

void H2Callbacks::set_all(nghttp2_session_callbacks* callbacks) {
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
}

// --- input ---

int H2Callbacks::on_begin_frame(nghttp2_session* ng, const nghttp2_frame_hd* hd, void* user) {
  H2Session& session = session_of(user);
  if (!H2CoreCallbacks::begin_frame(session, *hd)) return kEndSession;
  if (hd->type != NGHTTP2_HEADERS) return 0;
  const bool fresh = hd->stream_id > session.newest_stream_;
  if (!session.in_order(hd->stream_id)) {
    session.abandon(H2Code::protocol_error, H2Abuse::protocol_error);
    return kEndSession;
  }
  if (state_of(ng, hd->stream_id) != nullptr) return 0;
  return session.count_vain_head(fresh) ? 0 : kEndSession;
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
    if (!session.meter(session.resets_, limits::kH2Resets, H2Abuse::resets)) return kEndSession;
    nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  stream->id_ = id;
  stream->open_ = true;
  ++session.open_streams_;
  stream->builder_.begin(*head, session.limits_.head, session.limits_.underscores);
  nghttp2_session_set_stream_user_data(ng, id, static_cast<H2StreamCore*>(stream));
  session.heading_ = stream;
  return 0;
}

int H2Callbacks::on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                           std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                           std::uint8_t, void* user) {
  H2Session& session = session_of(user);
  if (session.heading_ == nullptr) return 0;
  auto* stream = static_cast<H2StreamState*>(session.heading_);
  const std::string_view n = H2CoreCallbacks::text_of(name, name_size);
  const std::string_view v = H2CoreCallbacks::text_of(value, value_size);
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

int H2Callbacks::on_frame(nghttp2_session* ng, const nghttp2_frame* frame, void* user) {
  H2Session& session = session_of(user);
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
      return finish_headers(session, *frame);
    case NGHTTP2_DATA:
      return H2CoreCallbacks::note_data(ng, session, *frame) ? 0 : kEndSession;
    case NGHTTP2_RST_STREAM:
      return note_reset(session, frame->hd.stream_id) ? 0 : kEndSession;
    case NGHTTP2_PING:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 && session.shutdown_begun_) {
        session.finish_shutdown();
      }
      return 0;
    case NGHTTP2_SETTINGS:
      H2CoreCallbacks::note_settings(session, frame->settings);
      return 0;
    default:
      return 0;
  }
}

// False: the client floods. The reset itself is counted where frames begin.
bool H2Callbacks::note_reset(H2Session& session, std::int32_t id) {
  H2StreamState* stream = state_of(session.session_, id);
  if (stream == nullptr) return true;
  stream->reset_by_peer_ = true;
  const bool hasty = stream->head_done_;  // nobody has been told of the request yet
  return !hasty || session.meter(session.resets_, limits::kH2Resets, H2Abuse::resets,
                                 limits::kH2HastyReset - 1);
}

int H2Callbacks::finish_headers(H2Session& session, const nghttp2_frame& frame) {
  H2StreamState* stream = state_of(session.session_, frame.hd.stream_id);
  session.heading_ = nullptr;
  if (stream == nullptr) return 0;
  const bool ended = H2CoreCallbacks::ends_stream(frame.hd);
  Errc fault = Errc::none;
  if (frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
    fault = stream->builder_.finish(!ended, *session.shared_->random);
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
  if (ended) H2CoreCallbacks::end_received(session, *stream);
  session.touch(*stream);
  return 0;
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
  --session.open_streams_;
  if (stream->reset_by_peer_) {
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
    if (!H2CoreCallbacks::note_reset_sent(session, code)) return kEndSession;
    const bool calm = !answers_a_fault(code) ||
                      session.meter(session.resets_, limits::kH2Resets, H2Abuse::resets);
    return calm ? 0 : kEndSession;
  }
  if (hd.type == NGHTTP2_GOAWAY) {
    H2CoreCallbacks::note_goaway_sent(session, frame->goaway.error_code);
  }
  if (hd.type != NGHTTP2_HEADERS && hd.type != NGHTTP2_DATA) return 0;
  H2StreamState* stream = state_of(ng, hd.stream_id);
  if (stream == nullptr) return 0;
  H2CoreCallbacks::note_sent(session, *stream, hd);
  // RFC 9113 section 8.1: nobody wants the rest of the request. A tunnel's other half goes on.
  if (stream->framed_end_ && !stream->received_end_ && !stream->tunnel_) {
    nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, hd.stream_id, NGHTTP2_NO_ERROR);
  }
  return 0;
}

}  // namespace weir::http
