// nghttp2's callbacks of a client's session. They note what has come, to be told when nghttp2 is
// not on the stack. None calls the session's owner.
#include "http/h2_client_callbacks.h"

#include <algorithm>

namespace weir::http {
namespace {

constexpr int kEndClientSession = H2CoreCallbacks::kEndSession;

H2ClientSession& client_session_of(void* user) {
  return static_cast<H2ClientSession&>(H2CoreCallbacks::session_of(user));
}

}  // namespace

std::shared_ptr<H2Shared> make_h2_client_shared() {
  return std::make_shared<H2Shared>(H2ClientCallbacks::set_all);
}

void H2ClientCallbacks::set_all(nghttp2_session_callbacks* callbacks) {
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_frame_not_sent);
}

// Pushes are forbidden by our SETTINGS, which the endpoint has had before it can have a stream to
// push for (RFC 9113 section 6.6).
int H2ClientCallbacks::on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* hd, void* user) {
  H2ClientSession& session = client_session_of(user);
  if (!H2CoreCallbacks::begin_frame(session, *hd)) return kEndClientSession;
  if (hd->type != NGHTTP2_PUSH_PROMISE) return 0;
  session.abandon(H2Code::protocol_error, H2Abuse::protocol_error);
  return kEndClientSession;
}

int H2ClientCallbacks::on_begin_headers(nghttp2_session* ng, const nghttp2_frame* frame,
                                        void* user) {
  H2ClientStream* stream = stream_of(ng, frame->hd.stream_id);
  client_session_of(user).heading_ = stream;
  if (stream == nullptr) return 0;
  stream->response_begun_ = true;
  stream->new_block_ = !stream->final_;
  return 0;
}

// An answer's head is begun with its first field, because an interim answer may still be in it that
// nobody was told of. False: so it is, and the field is to be held.
bool H2ClientCallbacks::begin_block(H2ClientSession& session, H2ClientStream& stream) {
  if (!stream.new_block_) return true;
  if (stream.head_done_) return false;
  stream.new_block_ = false;
  stream.builder_.begin(*stream.response_, session.limits_.head);
  if (stream.holds_status_) {
    stream.holds_status_ = false;
    stream.builder_.add(":status", {stream.held_status_, sizeof stream.held_status_});
  }
  return true;
}

int H2ClientCallbacks::on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name,
                                 std::size_t name_size, const std::uint8_t* value,
                                 std::size_t value_size, std::uint8_t, void* user) {
  H2ClientSession& session = client_session_of(user);
  auto* stream = static_cast<H2ClientStream*>(session.heading_);
  if (stream == nullptr || stream->response_ == nullptr) return 0;
  const std::string_view n = H2CoreCallbacks::text_of(name, name_size);
  const std::string_view v = H2CoreCallbacks::text_of(value, value_size);
  if (!begin_block(session, *stream)) {
    // nghttp2 lets no other field come first, and a status only with three digits.
    stream->holds_status_ = v.size() == sizeof stream->held_status_;
    if (stream->holds_status_) std::copy(v.begin(), v.end(), stream->held_status_);
    session.pause_input();
    return NGHTTP2_ERR_PAUSE;
  }
  const bool sane =
      stream->final_ ? stream->builder_.add_trailer(n, v) : stream->builder_.add(n, v);
  if (sane) return 0;
  session.abandon(H2Code::enhance_your_calm, H2Abuse::header_bomb);
  return kEndClientSession;
}

int H2ClientCallbacks::refuse(nghttp2_session* ng, H2ClientStream* stream, std::int32_t id,
                              Errc fault) {
  if (stream != nullptr && stream->fault_ == Errc::none) stream->fault_ = fault;
  nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, id, NGHTTP2_PROTOCOL_ERROR);
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

// nghttp2 would leave the field out. An answer that says something unsayable is malformed (RFC 9113
// section 8.2.1).
int H2ClientCallbacks::on_invalid_header(nghttp2_session* ng, const nghttp2_frame* frame,
                                         const std::uint8_t*, std::size_t, const std::uint8_t*,
                                         std::size_t, std::uint8_t, void* user) {
  const std::int32_t id = frame->hd.stream_id;
  H2ClientStream* stream = stream_of(ng, id);
  if (stream != nullptr) client_session_of(user).touch(*stream);
  return refuse(ng, stream, id, Errc::bad_response);
}

int H2ClientCallbacks::on_frame(nghttp2_session* ng, const nghttp2_frame* frame, void* user) {
  H2ClientSession& session = client_session_of(user);
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
      return finish_headers(session, *frame);
    case NGHTTP2_DATA:
      return H2CoreCallbacks::note_data(ng, session, *frame) ? 0 : kEndClientSession;
    case NGHTTP2_RST_STREAM:
      if (H2ClientStream* stream = stream_of(ng, frame->hd.stream_id)) {
        stream->reset_by_peer_ = true;
        // No more of these than requests of ours: an early answer ends so (RFC 9113 section 8.1).
        session.resets_.give_back(session.granted(limits::kH2Resets), 1);
      }
      return 0;
    case NGHTTP2_SETTINGS:
      H2CoreCallbacks::note_settings(session, frame->settings);
      return 0;
    default:
      return 0;
  }
}

int H2ClientCallbacks::finish_headers(H2ClientSession& session, const nghttp2_frame& frame) {
  H2ClientStream* stream = stream_of(session.session_, frame.hd.stream_id);
  session.heading_ = nullptr;
  if (stream == nullptr || stream->response_ == nullptr) return 0;
  const bool ended = H2CoreCallbacks::ends_stream(frame.hd);
  begin_block(session, *stream);
  Errc fault = Errc::none;
  if (stream->final_) {
    fault = stream->builder_.finish_trailers();
  } else {
    fault = stream->builder_.finish(stream->method_, ended);
    stream->head_done_ = fault == Errc::none;
    stream->final_ = !stream->response_->interim();
  }
  if (fault != Errc::none) {
    stream->fault_ = fault;
    session.reset(*stream, H2Code::protocol_error);
  }
  if (ended) H2CoreCallbacks::end_received(session, *stream);
  session.touch(*stream);
  return 0;
}

int H2ClientCallbacks::on_invalid_frame(nghttp2_session* ng, const nghttp2_frame* frame, int,
                                        void* user) {
  H2ClientStream* stream = stream_of(ng, frame->hd.stream_id);
  H2ClientSession& session = client_session_of(user);
  if (frame->hd.type == NGHTTP2_HEADERS) session.heading_ = nullptr;
  if (stream != nullptr && stream->fault_ == Errc::none) {
    stream->fault_ = Errc::bad_response;
    session.touch(*stream);
  }
  return 0;
}

// RFC 9113 section 8.7: what a REFUSED_STREAM or a GOAWAY for earlier streams ends has not been
// looked at.
int H2ClientCallbacks::on_stream_close(nghttp2_session* ng, std::int32_t id, std::uint32_t code,
                                       void* user) {
  H2ClientStream* stream = stream_of(ng, id);
  if (stream == nullptr) return 0;
  Errc reason = Errc::upstream_reset;
  if (stream->received_end_) {
    reason = Errc::none;
  } else if (code == NGHTTP2_REFUSED_STREAM && !stream->response_begun_) {
    reason = Errc::upstream_refused;
  } else if (code == NGHTTP2_PROTOCOL_ERROR && !stream->reset_by_peer_ &&
             stream->fault_ == Errc::none) {
    stream->fault_ = Errc::bad_response;  // nghttp2 has found it
  }
  client_session_of(user).close(*stream, reason);
  return 0;
}

// --- output ---

int H2ClientCallbacks::on_frame_sent(nghttp2_session* ng, const nghttp2_frame* frame, void* user) {
  H2ClientSession& session = client_session_of(user);
  switch (frame->hd.type) {
    case NGHTTP2_RST_STREAM:
      return H2CoreCallbacks::note_reset_sent(session, frame->rst_stream.error_code)
                 ? 0
                 : kEndClientSession;
    case NGHTTP2_GOAWAY:
      H2CoreCallbacks::note_goaway_sent(session, frame->goaway.error_code);
      return 0;
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
      if (H2ClientStream* stream = stream_of(ng, frame->hd.stream_id)) {
        H2CoreCallbacks::note_sent(session, *stream, frame->hd);
      }
      return 0;
    default:
      return 0;
  }
}

// A request that the endpoint's GOAWAY was faster than, or that was cancelled before it was framed.
int H2ClientCallbacks::on_frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int,
                                         void* user) {
  if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  H2ClientSession& session = client_session_of(user);
  if (H2ClientStream* stream = session.find(frame->hd.stream_id)) {
    session.close(*stream, Errc::upstream_refused);
  }
  return 0;
}

}  // namespace weir::http
