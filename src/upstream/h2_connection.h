// One HTTP/2 connection to an endpoint, from connecting over any number of requests at once to its
// end: bytes between its stream and the session, carriers handed out and taken back, and everything
// a turn of the loop has to say written at its end. Owned by its endpoint's H2Connections; each
// request is its H2Carrier's. It never decides what becomes of a request. On one worker's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <weir/config.h>
#include <weir/error.h>

#include "base/intrusive_list.h"
#include "http/h2_client_session.h"
#include "net/connector.h"
#include "net/deferred.h"
#include "net/retire_list.h"
#include "net/stream.h"
#include "net/timer_wheel.h"
#include "upstream/h2_carrier.h"
#include "upstream/lease_request.h"

namespace weir::upstream {

class H2Connections;
class H2Toolbox;
struct PoolEnvironment;

class H2Connection final : public net::Retirable,
                           net::StreamEvents,
                           net::ConnectEvents,
                           http::H2ClientEvents {
 public:
  explicit H2Connection(H2Connections& owner);
  ~H2Connection() override;

  // --- for its owner ---

  // Begins to connect; `request` is the first that waits for it.
  void connect(LeaseRequest& request);
  // It connects, and no more wait for it than it will carry.
  bool may_wait() const;
  void wait(LeaseRequest& request);
  // Nobody waits for one that no request waits for: it is given up.
  void stop_waiting(LeaseRequest& request);
  // It takes another request.
  bool has_room() const;
  Lease take();
  bool idle() const { return state_ == State::open && carriers_count_ == 0; }
  net::TimeMs idle_since() const { return idle_since_; }
  // Says goodbye and closes, for a caller that takes its slot.
  void close_idle();
  // Takes no more requests, and ends when the last one has.
  void retire();
  // Ends it at once, and with it whatever it carries.
  void end(Error error);

  // --- for its carriers ---

  http::H2ClientSession& session() { return *session_; }
  H2Toolbox& toolbox();
  std::string_view scheme() const { return scheme_; }
  net::TimeMs now() const;
  // Frames were added to the session's output: written at the end of the turn, or now if they are
  // many.
  void on_framed();
  void ask_flush();
  using WaitingList = IntrusiveList<H2Carrier, &H2Carrier::waiting_link_>;
  WaitingList& waiting() { return waiting_; }
  // The lease is over, the stream is not.
  void abandon(H2Carrier& carrier);
  // Both are.
  void recycle(H2Carrier& carrier);

 private:
  enum class State : std::uint8_t { connecting, open, closed };

  void on_connected(net::StreamPtr stream) override;
  void on_connect_failed(Error error) override;
  void on_read(std::string_view bytes) override;
  void on_end() override;
  void on_reset(Error error) override;
  void on_drained() override { ask_flush(); }
  void on_response(http::H2ClientStream& stream, const http::ParseStep& step) override;
  void on_stream_closed(http::H2ClientStream& stream, Errc reason) override;

  const PoolEnvironment& environment() const;
  const config::Connections& settings() const;
  void serve_requesters();
  void flush();
  void push_out();
  bool write_output();
  void look_after_output();
  void look_after_itself();
  void look_at_silence(const H2Carrier& carrier);
  bool is_spent() const;
  std::uint32_t streams_allowed() const;
  std::size_t room() const;
  void call_waiting();
  void set_idle(bool idle);
  void on_idle_timer();
  void leave();
  void retire_if_done();

  H2Connections& owner_;
  net::StreamPtr stream_;
  std::unique_ptr<net::ConnectTicket> ticket_;
  std::optional<http::H2ClientSession> session_;                  // once connected
  IntrusiveList<LeaseRequest, &LeaseRequest::link_> requesters_;  // while connecting
  std::size_t requesters_count_ = 0;
  IntrusiveList<H2Carrier, &H2Carrier::link_> carriers_;
  std::size_t carriers_count_ = 0;
  WaitingList waiting_;
  net::Deferred flush_;
  net::TimerEntry idle_timer_;
  std::string_view scheme_;
  net::TimeMs idle_since_ = 0;
  net::TimeMs heard_at_ = 0;  // when the endpoint said something last
  std::uint64_t uses_ = 0;    // leases so far
  std::uint32_t manner_ = 0;  // of connecting (ClusterPool)
  State state_ = State::connecting;
  bool idle_ = false;      // as counted
  bool broken_ = false;    // nothing more can be written
  bool retiring_ = false;  // takes no more requests
  bool retired_ = false;

 public:
  Link link_;  // in its owner's list
};

}  // namespace weir::upstream
