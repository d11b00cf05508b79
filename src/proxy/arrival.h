// What an accepted connection is until it is known whom it is from and what it speaks: reads what
// comes before the protocol (the PROXY header), then goes on as a connection of that protocol,
// which takes its place in the worker's list. Made by welcome(), only where there is something to
// read first. It answers nothing: who sends anything else is closed and counted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "net/proxy_header.h"
#include "net/stream.h"
#include "net/timer_wheel.h"
#include "proxy/downstream_connection.h"

namespace weir::proxy {

// The connection that an accepted stream becomes: at once what the listener speaks, or an arrival.
// For the worker's list; it is among the listener's open connections already. `place` is the
// peer's; an arrival gives it up for that of the client it speaks for.
DownstreamConnection& welcome(WorkerContext& context, std::shared_ptr<const ListenerPort> port,
                              net::StreamPtr stream, const Client& client,
                              AddressCounts::Place place = {});

class Arrival final : public DownstreamConnection, net::StreamEvents {
 public:
  // As welcome().
  Arrival(WorkerContext& context, std::shared_ptr<const ListenerPort> port, net::StreamPtr stream,
          const Client& client, AddressCounts::Place place);
  ~Arrival() override;

  // Waits no longer than the grace.
  void drain() override;
  void close_now() override { close(); }
  // Since it came, while it has sent nothing.
  std::optional<net::TimeMs> idle_since() const override;

 private:
  enum class Stage : std::uint8_t { proxy_header, over };

  void on_read(std::string_view bytes) override;
  void on_end() override;
  void on_reset(Error error) override;
  void on_drained() override {}

  // Stage by stage; `early` is what came behind the last one.
  void read_proxy_header(std::string_view bytes);
  bool take_client(const net::ProxyAddresses& addresses);
  void speak(std::string_view early);

  void expire();
  void fail(ArrivalFailure failure);
  void close();

  net::StreamPtr stream_;
  Buffer held_;  // of a stage that is not complete
  net::TimerEntry timer_;
  net::TimeMs since_;
  Stage stage_ = Stage::proxy_header;
};

}  // namespace weir::proxy
