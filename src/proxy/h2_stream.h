// One request on an HTTP/2 connection with its response: feeds what the session tells to the
// exchange, sends what the exchange answers, opens the stream's window as content is taken, and
// keeps the client's deadlines for this stream alone; h2_tunnel.cc is about the stream of a tunnel.
// It belongs to its H2Downstream while the stream lives and to the worker's H2Workshop between; it
// knows nothing of routes or origins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <weir/error.h>

#include "base/chunk.h"
#include "base/intrusive_list.h"
#include "base/random.h"
#include "http/h2_session.h"
#include "net/retire_list.h"
#include "net/timer_wheel.h"
#include "proxy/client_patience.h"
#include "proxy/downstream.h"
#include "proxy/exchange_pool.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

class H2Downstream;

class H2Stream final : public http::H2StreamState, public net::Retirable, Downstream {
 public:
  explicit H2Stream(WorkerContext& context);
  ~H2Stream() override;

  // A request has begun. Its head goes into request().
  void begin(H2Downstream& connection);
  http::RequestHead& request() { return active_->exchange.request(); }
  void on_input(const http::ParseStep& step);
  // The stream is no more, or its connection: nothing can be sent. The exchange ends.
  void on_gone(Errc reason);
  // The session has forgotten the stream, none: because both sides had ended. False: the client's
  // last bytes of a tunnel are still on their way to the origin, and the connection hears when they
  // are through (recycle_later).
  bool on_closed(Errc reason);
  // It answered false, and the stream is not recycled yet.
  bool outlived() const { return tunnel_ == Tunnel::closed; }
  // Some of what waits may have gone out.
  void on_output_moved();
  // Ready for the workshop.
  void end();

 private:
  bool send_interim(const http::ResponseHead& head) override;
  bool send_response(const http::ResponseHead& head, std::span<const http::HeadEdit> edits,
                     std::span<const std::string_view> content, bool complete) override;
  bool send_content(const http::ResponseHead& head, std::span<const std::string_view> content,
                    bool complete) override;
  bool send_upgrade(const http::ResponseHead& head, std::span<const http::HeadEdit> edits,
                    EarlyWords& early) override;
  bool send_own_answer(http::OwnAnswer answer) override;
  std::uint64_t bytes_sent() const override { return sent_bytes(); }
  std::size_t pending_bytes() const override { return waiting_bytes(); }
  bool congested() const override;
  void pause_request() override;
  void resume_request() override;
  void exchange_over(Ending ending) override;

  enum class Tunnel : std::uint8_t {
    none,
    asked,
    open,
    closed,  // both sides have ended, not all of it has come to the origin
  };

  void ask_for_tunnel(const http::ParseStep& step);
  bool tunnel_moved();
  bool sent(bool well);
  void note_waiting();
  void give_up(Errc reason, http::H2Code code);
  void open_window();
  void watch_client();
  void watch_output();
  bool owes_content() const;
  bool client_is_stuck() const;
  void on_timer();
  void arm(net::TimeMs delay);
  void disarm();

  WorkerContext& context_;
  H2Downstream* connection_ = nullptr;
  std::unique_ptr<ActiveRequest> active_;  // until the exchange is over
  net::TimerEntry timer_;
  std::size_t untaken_ = 0;        // content received that the window is not open for again
  std::size_t noted_waiting_ = 0;  // of waiting_bytes(), as the connection counts them
  std::uint64_t last_taken_ = 0;   // of what was sent, gone into frames at the last look
  ContentPace pace_;               // of the request
  http::H2Code reset_code_ = http::H2Code::cancel;
  ChunkQueue early_;  // bytes of a tunnel that is not granted yet; no more than its window
  Tunnel tunnel_ = Tunnel::none;
  bool request_ended_ = false;
  bool watching_output_ = false;

 public:
  Link link_;          // in the connection's list
  Link waiting_link_;  // in its list of streams with waiting_bytes()
  Link over_link_;     // in its list of streams that outlived themselves
};

// What the HTTP/2 connections of one worker share: the session's common parts, and streams that
// wait for the next request. On its thread.
class H2Workshop {
 public:
  static constexpr std::size_t kKept = 512;

  explicit H2Workshop(Random& random) : shared_(http::make_h2_shared(random)) {
    free_.reserve(kKept);
  }

  const std::shared_ptr<http::H2Shared>& shared() const { return shared_; }
  std::unique_ptr<H2Stream> acquire(WorkerContext& context);
  void release(WorkerContext& context, std::unique_ptr<H2Stream> stream);

  // The worker's, made for its first HTTP/2 connection.
  static H2Workshop& of(WorkerContext& context);

 private:
  std::shared_ptr<http::H2Shared> shared_;
  std::vector<std::unique_ptr<H2Stream>> free_;
};

}  // namespace weir::proxy
