// One HTTP/1 connection to an endpoint, from connecting over any number of leases to its end. Owned
// by its endpoint's pool; used through a Lease by one attempt at a time. Reading stays on while it
// idles, so that a dead or talkative idle connection is dropped before anybody uses it. On one
// worker's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <weir/error.h>

#include "base/buffer.h"
#include "base/chunk.h"
#include "http/h1_parser.h"
#include "http/h1_writer.h"
#include "net/connector.h"
#include "net/proxy_header.h"
#include "net/retire_list.h"
#include "net/stream.h"
#include "net/timer_wheel.h"
#include "upstream/carrier.h"

namespace weir::upstream {

class EndpointPool;
class LeaseRequest;

class Connection final : public Carrier,
                         public net::Retirable,
                         net::StreamEvents,
                         net::ConnectEvents {
 public:
  explicit Connection(EndpointPool& pool);
  ~Connection() override;

  // --- Carrier, for the attempt that holds the lease ---

  bool send_request(const OutgoingRequest& request, std::span<const std::string_view> content,
                    bool complete, http::ResponseHead& response, ResponseEvents& events) override;
  bool send_content(const http::RequestHead& head, std::span<const std::string_view> content,
                    bool complete) override;
  bool send_composed(std::string_view head, http::Method method, const ChunkQueue* content,
                     http::ResponseHead& response, ResponseEvents& events) override;
  void begin_tunnel() override;
  void reset_on_close() override { stream_->abort_on_close(); }
  std::size_t pending_bytes() const override { return stream_->pending_bytes(); }
  void pause_reading() override { stream_->pause_reading(); }
  void resume_reading() override { stream_->resume_reading(); }
  bool reused() const override { return uses_ > 1; }
  bool response_begun() const override { return !parser_.untouched(); }

 private:
  friend class EndpointPool;
  friend class LeaseRequest;

  enum class State : std::uint8_t { connecting, idle, leased, closed };

  void give_back() override;
  void on_read(std::string_view bytes) override;
  void on_end() override;
  void on_reset(Error error) override;
  void on_drained() override;
  void on_connected(net::StreamPtr stream) override;
  void on_connect_failed(Error error) override;

  void begin_exchange(http::Method method, http::ResponseHead& response, ResponseEvents& events);
  bool write(const http::RequestHead& head, std::span<const std::string_view> content,
             bool complete);
  bool write_raw(std::span<const std::string_view> content, bool complete);
  void tell_raw(std::string_view bytes, bool complete);
  void final_response_complete(bool bytes_follow);
  // The connection's end completes a response that runs until then, and cuts any other.
  void end_response();
  bool clean() const;

  EndpointPool& pool_;
  net::StreamPtr stream_;
  std::unique_ptr<net::ConnectTicket> ticket_;
  LeaseRequest* requester_ = nullptr;  // while connecting
  ResponseEvents* events_ = nullptr;   // while leased
  http::ResponseHead* response_ = nullptr;
  net::TimerEntry idle_timer_;
  net::ProxyAddresses client_;  // whose it is, where connections name their clients
  std::uint32_t manner_ = 0;    // of connecting (ClusterPool)
  std::uint64_t uses_ = 0;      // leases so far; also tells one lease from the next
  http::Method method_ = http::Method::get;
  State state_ = State::connecting;
  bool request_sent_ = false;               // the request is complete
  bool response_done_ = false;              // the final response is complete
  bool write_failed_ = false;               // the endpoint no longer reads
  bool stray_bytes_ = false;                // something followed the response
  bool keep_alive_ = false;                 // as the final response and the connection say
  bool upgrade_asked_ = false;              // something other than HTTP may follow
  bool tunnel_ = false;                     // ... and does
  net::TimeMs origin_idle_timeout_ms_ = 0;  // from Keep-Alive: timeout, 0 = not told
  int interim_answers_ = 0;
  http::H1ResponseParser parser_;

 public:
  Link link_;  // in the pool's list of its state
};

// The origin's own idle timeout from a Keep-Alive field ("timeout=5, max=100"), in milliseconds; 0
// when it tells none.
net::TimeMs keep_alive_timeout_ms(std::string_view keep_alive);

}  // namespace weir::upstream
