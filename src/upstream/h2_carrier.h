// One request on an HTTP/2 connection to an endpoint, as an attempt carries it: a stream of the
// connection's session. Waits in the cluster's H2Toolbox between requests; belongs to its
// connection from the lease on until both the lease and the stream have ended. On one worker's
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <weir/error.h>

#include "base/intrusive_list.h"
#include "http/h2_client_session.h"
#include "net/retire_list.h"
#include "net/timer_wheel.h"
#include "upstream/carrier.h"

namespace weir::upstream {

class H2Connection;
class H2Toolbox;

class H2Carrier final : public Carrier, public http::H2ClientStream, public net::Retirable {
 public:
  explicit H2Carrier(ChunkPool& chunks) : H2ClientStream(chunks) {}
  ~H2Carrier() override;

  // --- Carrier, for the attempt that holds the lease ---

  bool send_request(const OutgoingRequest& request, std::span<const std::string_view> content,
                    bool complete, http::ResponseHead& response, ResponseEvents& events) override;
  bool send_content(const http::RequestHead& head, std::span<const std::string_view> content,
                    bool complete) override;
  bool send_composed(std::string_view head, http::Method method, const ChunkQueue* content,
                     http::ResponseHead& response, ResponseEvents& events) override;
  std::size_t pending_bytes() const override { return waiting_bytes(); }
  // The stream's window stays shut: other streams go on.
  void pause_reading() override { paused_ = true; }
  void resume_reading() override;
  bool reused() const override { return reused_; }
  bool response_begun() const override { return H2ClientStream::response_begun(); }

  // --- for its connection ---

  // Leased. `reused`: the connection has carried a request before.
  void begin(H2Connection& connection, bool reused);
  void on_input(http::ParseStep step);
  // The stream has ended, or its connection: for that reason, none when the answer was told whole.
  // The last call unless the lease goes on; may give the lease back.
  void on_over(Error error);
  // ... the stream alone, while its connection goes on.
  void on_stream_over(Errc reason);
  // Some of what waits may have gone out.
  void on_output_moved();
  bool leased() const { return leased_; }
  // When it was sent; 0 = not yet.
  net::TimeMs sent_at() const { return sent_at_; }
  // Ready for the toolbox.
  void end();

 private:
  void give_back() override;
  void begin_exchange(http::ResponseHead& response, ResponseEvents& events);
  bool sent(bool well);
  void note_waiting();
  void open_window();

  H2Connection* connection_ = nullptr;
  ResponseEvents* events_ = nullptr;
  http::ResponseHead* response_ = nullptr;
  std::size_t untaken_ = 0;  // content told that the window is not open for again
  net::TimeMs sent_at_ = 0;
  int interim_answers_ = 0;
  bool leased_ = false;
  bool over_ = true;  // the session does not know it
  bool reused_ = false;
  bool paused_ = false;
  bool was_high_ = false;  // pending_bytes() were above the high watermark since they were low

 public:
  Link link_;          // in its connection's list
  Link waiting_link_;  // in its list of those with pending_bytes()
};

}  // namespace weir::upstream
