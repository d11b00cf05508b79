// What nghttp2 calls for a server's session, besides what serves both ends. Private to
// h2_session.cc and h2_callbacks.cc.
#pragma once

#include "http/h2_core_callbacks.h"
#include "http/h2_session.h"

namespace weir::http {

struct H2Callbacks {
  static void set_all(nghttp2_session_callbacks* callbacks);

  static H2StreamState* state_of(nghttp2_session* session, std::int32_t id) {
    return static_cast<H2StreamState*>(H2CoreCallbacks::state_of(session, id));
  }

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* hd, void* user);
  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t flags, void* user);
  static int on_invalid_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t*,
                               std::size_t, const std::uint8_t*, std::size_t, std::uint8_t,
                               void* user);
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int error, void* user);
  static int on_stream_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user);
  static int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user);

 private:
  static bool note_reset(H2Session& session, std::int32_t id);
  static int finish_headers(H2Session& session, const nghttp2_frame& frame);
};

}  // namespace weir::http
