// What nghttp2 calls whichever end a session is, and what all sessions of a kind share on a worker:
// the table of callbacks, the options, and the list in which heads are laid out. Private to the
// h2_*.cc files.
#pragma once

#include <nghttp2/nghttp2.h>

#include <string_view>

#include "http/h2_core.h"
#include "http/h2_fields.h"

namespace weir::http {

class H2Shared {
 public:
  // `set_end`: adds the callbacks of that end. `its_random`: the server's end has one.
  explicit H2Shared(void (*set_end)(nghttp2_session_callbacks*), Random* its_random = nullptr);
  ~H2Shared();
  H2Shared(const H2Shared&) = delete;
  H2Shared& operator=(const H2Shared&) = delete;

  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  H2Fields fields;
  Random* const random;
};

// nghttp2's own codes are returned: 0 goes on, NGHTTP2_ERR_CALLBACK_FAILURE ends the session.
struct H2CoreCallbacks {
  static constexpr int kEndSession = NGHTTP2_ERR_CALLBACK_FAILURE;

  static H2Core& session_of(void* user) { return *static_cast<H2Core*>(user); }
  // A stream's user data is its core.
  static H2StreamCore* state_of(nghttp2_session* session, std::int32_t id) {
    return static_cast<H2StreamCore*>(nghttp2_session_get_stream_user_data(session, id));
  }
  static std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
  }
  static bool ends_stream(const nghttp2_frame_hd& hd) {
    return (hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  }

  static void set_all(nghttp2_session_callbacks* callbacks);

  static int on_data(nghttp2_session*, std::uint8_t flags, std::int32_t id,
                     const std::uint8_t* bytes, std::size_t size, void* user);
  // Frames of types that nobody here knows are only counted.
  static int ignore_chunk(nghttp2_session*, const nghttp2_frame_hd*, const std::uint8_t*,
                          std::size_t, void*) {
    return 0;
  }
  static int ignore_frame(nghttp2_session*, void** payload, const nghttp2_frame_hd*, void*) {
    *payload = nullptr;
    return NGHTTP2_ERR_CANCEL;
  }
  static ssize_t read_content(nghttp2_session*, std::int32_t id, std::uint8_t*, std::size_t most,
                              std::uint32_t* flags, nghttp2_data_source* source, void* user);
  static int send_content(nghttp2_session*, nghttp2_frame*, const std::uint8_t* head,
                          std::size_t size, nghttp2_data_source* source, void* user);

  // --- for the callbacks of either end ---

  // A frame begins. False: of that kind there was one too many, or it is as nghttp2 lets pass
  // though RFC 9113 does not; the connection has ended for it.
  static bool begin_frame(H2Core& session, const nghttp2_frame_hd& hd);
  // A frame of DATA or SETTINGS has come. False: that was one too many with nothing in it.
  static bool note_data(nghttp2_session*, H2Core& session, const nghttp2_frame& frame);
  static void note_settings(H2Core& session, const nghttp2_settings& settings);
  static void end_received(H2Core& session, H2StreamCore& stream);
  // HEADERS or DATA were sent.
  static void note_sent(H2Core& session, H2StreamCore& stream, const nghttp2_frame_hd& hd);
  // A stream was reset by us. False: the connection has ended with it.
  static bool note_reset_sent(H2Core& session, std::uint32_t code);
  static void note_goaway_sent(H2Core& session, std::uint32_t code);

 private:
  static bool is_empty(const nghttp2_frame_hd& hd) { return hd.length == 0 && !ends_stream(hd); }
  static bool count_frame(H2Core& session, const nghttp2_frame_hd& hd);
};

}  // namespace weir::http
