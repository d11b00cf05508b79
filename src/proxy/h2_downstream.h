// A client's HTTP/2 connection: bytes between its stream and the session, streams of requests made
// and recycled, and what concerns the connection as a whole: its end, its deadlines, and that
// everything a turn of the loop has to say goes out in one write. It is owned by the worker's list
// of connections; each request is its H2Stream's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/chunk.h"
#include "base/intrusive_list.h"
#include "http/h2_session.h"
#include "net/deferred.h"
#include "net/stream.h"
#include "net/timer_wheel.h"
#include "proxy/downstream_connection.h"
#include "proxy/h2_stream.h"

namespace weir::proxy {

class H2Downstream final : public DownstreamConnection, net::StreamEvents, http::H2SessionEvents {
 public:
  // Takes the stream and begins to read; `early` are bytes that were read from it already, the
  // client's preface first. Lives until its connection ends, then retires itself: create it with
  // new, link it into the worker's list, and do not delete it.
  H2Downstream(WorkerContext& context, std::shared_ptr<const ListenerPort> port,
               net::StreamPtr stream, const Client& client, AddressCounts::Place place,
               std::string_view early);
  ~H2Downstream() override;

  // More bytes that were read already.
  void take_early(std::string_view bytes);

  // Announces that it will end, and ends when its streams have.
  void drain() override;
  void close_now() override;
  std::optional<net::TimeMs> idle_since() const override;

  // --- for its streams ---

  using DownstreamConnection::settings;
  const ListenerPort& port() const { return *port_; }
  const Client& client() const { return client_; }
  http::H2Session& session() { return session_; }
  // Frames were added to the session's output: written at the end of the turn, or now if they are
  // many.
  void on_framed();
  void ask_flush() { context_.flushes.ask(flush_); }
  // A stream's share of what waits has changed.
  void count_waiting(std::size_t before, std::size_t now) { waiting_bytes_ += now - before; }
  std::size_t waiting_bytes() const { return waiting_bytes_; }
  using WaitingList = IntrusiveList<H2Stream, &H2Stream::waiting_link_>;
  WaitingList& waiting() { return waiting_; }
  void on_request_over();
  // The stream was closed before its exchange was over.
  void recycle_later(H2Stream& stream) { over_.push_back(stream); }
  void on_slow_reading() { on_abuse(H2Abuse::slow_reading); }

 private:
  enum class State : std::uint8_t {
    open,
    lingering,  // our side is finished; waiting for the client's end, so that it gets our last
                // words
    closed,
  };

  void on_read(std::string_view bytes) override;
  void on_end() override;
  void on_reset(Error error) override;
  void on_drained() override;

  std::pair<http::H2StreamState*, http::RequestHead*> on_stream_begin() override;
  void on_stream_input(http::H2StreamState& stream, const http::ParseStep& step) override;
  void on_stream_closed(http::H2StreamState& stream, Errc reason) override;
  void on_abuse(H2Abuse abuse) override;

  void take_held();
  void receive(std::string_view bytes);
  void flush();
  void push_out();
  bool write_output();
  void look_after_output();
  void recycle(H2Stream& stream);
  void recycle_over();
  void drop_streams(Errc reason);
  void linger();
  void close();

  void watch_client();
  void watch_written();
  void on_timer();
  void on_write_timer();

  net::StreamPtr stream_;
  http::H2Session session_;
  IntrusiveList<H2Stream, &H2Stream::link_> streams_;
  WaitingList waiting_;
  IntrusiveList<H2Stream, &H2Stream::over_link_> over_;  // to be recycled
  ChunkQueue held_;                                      // early bytes
  net::Deferred flush_;
  net::TimerEntry timer_;        // what the client owes next; or how long to linger
  net::TimerEntry write_timer_;  // what it owes taking
  std::size_t waiting_bytes_ = 0;
  std::uint64_t written_ = 0;     // bytes given to the stream
  std::uint64_t last_taken_ = 0;  // of them, what the client had taken at the last look
  net::TimeMs idle_since_;
  net::TimeMs head_until_;       // 0 = no head is coming
  net::TimeMs shutdown_at_ = 0;  // 0 = no end was announced
  std::uint32_t outlived_ = 0;   // tunnels whose stream is no more, of all streams
  std::uint32_t requests_ = 0;
  std::uint32_t requests_max_;  // 0 = no limit
  std::size_t discarded_ = 0;   // bytes read and dropped while lingering
  State state_ = State::open;
  bool broken_ = false;          // nothing more can be written
  bool reading_paused_ = false;  // until the client takes what was written
  bool has_enough_ = false;      // of requests
};

}  // namespace weir::proxy
