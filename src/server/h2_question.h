// One request of a health check over HTTP/2: a session for it alone, which feeds the answer to a
// CheckAnswer. Owned by server/health_probe for one check; its stream outlives it. It is never
// destroyed by what it calls.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <weir/endpoint.h>

#include "base/chunk.h"
#include "http/h2_client_session.h"
#include "net/stream.h"
#include "server/check_answer.h"

namespace weir::server {

class H2Question final : http::H2ClientEvents {
 public:
  H2Question(net::Stream& stream, CheckAnswer& answer);
  ~H2Question();
  H2Question(const H2Question&) = delete;
  H2Question& operator=(const H2Question&) = delete;

  void ask(const CheckPlan& plan, const Endpoint& endpoint);
  // What has come; the result as soon as there is one, and after that it is not called again.
  std::optional<ProbeResult> receive(std::string_view bytes, std::uint64_t now_ms);
  // The endpoint has said something in HTTP/2.
  bool heard() const { return session_.begun(); }

 private:
  void on_response(http::H2ClientStream& stream, const http::ParseStep& step) override;
  void on_stream_closed(http::H2ClientStream& stream, Errc reason) override;
  void write_out();

  net::Stream& wire_;
  CheckAnswer& answer_;
  ChunkPool chunks_{0};
  http::H2ClientStream stream_{chunks_};
  http::H2ClientSession session_;
  std::optional<ProbeResult> result_;
};

}  // namespace weir::server
