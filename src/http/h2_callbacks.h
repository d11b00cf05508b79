// What nghttp2 calls, and what all sessions of a worker share: the table of callbacks, the options,
// and the list in which heads are laid out. Private to h2_session.cc, h2_callbacks.cc and
// h2_output.cc.
#pragma once

#include <nghttp2/nghttp2.h>

#include "http/h2_fields.h"
#include "http/h2_session.h"

namespace weir::http {

class H2Shared {
 public:
  explicit H2Shared(Random& its_random);
  ~H2Shared();
  H2Shared(const H2Shared&) = delete;
  H2Shared& operator=(const H2Shared&) = delete;

  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  H2Fields fields;
  Random& random;
};

// nghttp2's own codes are returned: 0 goes on, NGHTTP2_ERR_CALLBACK_FAILURE ends the session.
struct H2Callbacks {
  static void set_all(nghttp2_session_callbacks* callbacks);

  static H2StreamState* state_of(nghttp2_session* session, std::int32_t id) {
    return static_cast<H2StreamState*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* hd, void* user);
  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t flags, void* user);
  static int on_invalid_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t*,
                               std::size_t, const std::uint8_t*, std::size_t, std::uint8_t,
                               void* user);
  static int on_data(nghttp2_session*, std::uint8_t flags, std::int32_t id,
                     const std::uint8_t* bytes, std::size_t size, void* user);
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int error, void* user);
  static int on_stream_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user);
  // Frames of types that nobody here knows are only counted.
  static int ignore_chunk(nghttp2_session*, const nghttp2_frame_hd*, const std::uint8_t*,
                          std::size_t, void*) {
    return 0;
  }
  static int ignore_frame(nghttp2_session*, void** payload, const nghttp2_frame_hd*, void*) {
    *payload = nullptr;
    return NGHTTP2_ERR_CANCEL;
  }
  static int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static ssize_t read_content(nghttp2_session*, std::int32_t id, std::uint8_t*, std::size_t most,
                              std::uint32_t* flags, nghttp2_data_source* source, void* user);
  static int send_content(nghttp2_session*, nghttp2_frame*, const std::uint8_t* head,
                          std::size_t size, nghttp2_data_source* source, void* user);

 private:
  static bool may_come(H2Session& session, const nghttp2_frame_hd& hd);
  static bool count_frame(H2Session& session, const nghttp2_frame_hd& hd);
  static bool is_empty(const nghttp2_frame_hd& hd);
  static int finish_headers(H2Session& session, const nghttp2_frame& frame);
  static void end_request(H2Session& session, H2StreamState& stream);
};

}  // namespace weir::http
