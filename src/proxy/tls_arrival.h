// A client's connection while it shakes hands: from the accept (or the PROXY header) until it is
// known what it speaks over TLS; then it goes on as a connection of that protocol, which takes its
// place in the worker's list. It answers nothing but plain HTTP on a TLS port, which gets a 400
// that says so. Everything else that fails is closed and counted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "net/stream.h"
#include "net/timer_wheel.h"
#include "net/tls_stream.h"
#include "proxy/downstream_connection.h"
#include "proxy/snapshot.h"

namespace weir::proxy {

class TlsArrival final : public DownstreamConnection, net::TlsEvents, net::StreamEvents {
 public:
  // For a listener with TLS, of which the plan has this worker's context. The handshake begins with
  // begin(), when this stands in the worker's list.
  TlsArrival(WorkerContext& context, std::shared_ptr<const ListenerPort> port,
             net::StreamPtr stream, const Client& client, AddressCounts::Place place);
  ~TlsArrival() override;

  // `early`: what was read of the stream before; may end the connection.
  void begin(std::string_view early = {});

  // Waits no longer than the grace.
  void drain() override;
  void close_now() override { close(); }
  // It has sent no request, and is owed none: since it came.
  std::optional<net::TimeMs> idle_since() const override { return since_; }

 private:
  enum class Stage : std::uint8_t { shaking, answering, over };

  void on_secured(const net::TlsFacts& facts) override;
  void on_insecure(const net::TlsFailure& failure) override;

  // Of a client that spoke plain HTTP: what it still sends is dropped.
  void on_read(std::string_view bytes) override;
  void on_end() override { close(); }
  void on_reset(Error) override { close(); }
  void on_drained() override {}

  void speak(const net::TlsFacts& facts);
  void answer_plain_http();
  void expire();
  void close();

  const std::shared_ptr<const TlsPlan> plan_;  // of when it came: the listener's may change
  const config::Millis patience_;
  std::unique_ptr<net::TlsStream> stream_;
  net::StreamPtr plain_;  // while answering
  net::TimerEntry timer_;
  net::TimeMs since_;
  std::size_t discarded_ = 0;
  Stage stage_ = Stage::shaking;
};

}  // namespace weir::proxy
