// A client's HTTP/1 connection: feeds what arrives to the parser and the exchange, writes what the
// exchange answers, and keeps the client's deadlines. One exchange at a time, pipelined requests in
// order (RFC 9112 section 9.3.2). It owns its stream, is owned by the worker's list of connections,
// and knows nothing of routes or origins.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/chunk.h"
#include "net/stream.h"
#include "net/timer_wheel.h"
#include "proxy/client_patience.h"
#include "proxy/downstream.h"
#include "proxy/downstream_connection.h"
#include "proxy/exchange_pool.h"

namespace weir::proxy {

class H1Downstream final : public DownstreamConnection, net::StreamEvents, Downstream {
 public:
  // Takes the stream and begins to read. Lives until its connection ends, then retires itself:
  // create it with new, link it into the worker's list, and do not delete it.
  H1Downstream(WorkerContext& context, std::shared_ptr<const ListenerPort> port,
               net::StreamPtr stream, const Client& client, AddressCounts::Place place = {});
  ~H1Downstream() override;

  // What was read of the stream before it was given to this, once; may end the connection.
  void take_early(std::string_view bytes) { on_read(bytes); }

  // Closes after one more answer.
  void drain() override;
  // When its last request ended, or it came.
  std::optional<net::TimeMs> idle_since() const override {
    if (state_ != State::idle || stream_->pending_bytes() > 0) return {};
    return idle_since_;
  }
  void close_now() override;

 private:
  enum class State : std::uint8_t {
    idle,        // between requests
    exchanging,  // a request or its response is in progress
    tunnelling,  // another protocol than HTTP is spoken, until the exchange is over
    draining,    // the response is through, the rest of the request is read and dropped
    lingering,   // our side is finished; waiting for the client's end, so that it gets our last
                 // answer
    closed,
  };

  void on_read(std::string_view bytes) override;
  void on_end() override;
  void on_reset(Error error) override;
  void on_drained() override;

  bool send_interim(const http::ResponseHead& head) override;
  bool send_response(const http::ResponseHead& head, std::span<const http::HeadEdit> edits,
                     std::span<const std::string_view> content, bool complete) override;
  bool send_content(const http::ResponseHead& head, std::span<const std::string_view> content,
                    bool complete) override;
  bool send_upgrade(const http::ResponseHead& head, std::span<const http::HeadEdit> edits,
                    EarlyWords& early) override;
  bool send_own_answer(http::OwnAnswer answer) override;
  std::uint64_t bytes_sent() const override { return written_ - written_before_; }
  std::size_t pending_bytes() const override { return stream_->pending_bytes(); }
  bool congested() const override { return pending_bytes() > limits::kHighWatermark; }
  void pause_request() override;
  void resume_request() override;
  void exchange_over(Ending ending) override;

  bool begins_http2(std::string_view bytes);
  void become_http2(std::string_view early);
  // Consumes what the connection's state allows; the count of bytes used.
  std::size_t consume(std::string_view bytes);
  std::size_t feed(std::string_view bytes);
  void feed_held();
  void feed_tunnel(std::string_view bytes, bool complete);
  bool write_tunnel(std::span<const std::string_view> content, bool complete);
  void hold(std::string_view bytes);
  bool wants_bytes() const;
  void begin_request();
  void end_request();
  bool may_keep_alive() const;
  bool write(std::span<const std::string_view> content, bool complete,
             const http::Head* trailers_of);
  void watch_client();
  void watch_pending();
  void on_timer();
  void on_request_timer();
  bool client_is_stuck();
  void linger();
  void await_client_end();
  void close();
  void arm(config::Millis delay);
  void disarm();

  net::StreamPtr stream_;
  std::unique_ptr<ActiveRequest> active_;  // while exchanging, tunnelling or draining
  ChunkQueue held_;                        // pipelined bytes of later requests
  net::TimerEntry timer_;
  std::uint64_t written_ = 0;         // bytes given to the stream, ever
  std::uint64_t written_before_ = 0;  // ... before this exchange
  std::uint64_t last_taken_ = 0;      // of them, what the client had taken at the last look
  ContentPace pace_;                  // of this request
  net::TimeMs idle_since_;
  std::uint32_t requests_ = 0;
  std::uint32_t requests_max_;   // 0 = no limit
  std::uint32_t discarded_ = 0;  // bytes read and dropped while draining or lingering
  State state_ = State::idle;
  std::uint8_t empty_lines_ = 0;  // skipped since the last request
  bool watching_output_ = false;  // the timer is for what the client owes taking
  bool consuming_ = false;        // consume() is on the stack and will go on by itself
  bool keep_alive_ = true;        // as the response said
  bool chunked_ = false;          // the response's framing
  bool request_ended_ = false;    // its last byte was parsed
  bool malformed_ = false;        // the request's parser is stuck
  bool client_ended_ = false;     // nothing more will come
  bool reading_paused_ = false;
  bool may_be_http2_;              // nothing came yet but the beginning of a preface ...
  std::uint8_t preface_seen_ = 0;  // ... so many bytes of it
};

}  // namespace weir::proxy
