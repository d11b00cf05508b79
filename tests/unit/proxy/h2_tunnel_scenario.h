// Extended CONNECT (RFC 8441), its answers, and a tunnel through the proxy: what the tests of
// tunnels over HTTP/2 share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "h2_scenario.h"
#include "http/websocket.h"
#include "tunnel_scenario.h"

namespace weir::test {

inline h2::Fields connect_fields(std::string_view protocol, const h2::Fields& more = {}) {
  h2::Fields fields = {{":method", "CONNECT"},
                       {":protocol", std::string(protocol)},
                       {":scheme", "http"},
                       {":authority", "a.test"},
                       {":path", "/chat"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}
inline std::string connect_to(std::int32_t stream, std::string_view protocol,
                              const h2::Fields& more = {}) {
  return h2::headers(stream, connect_fields(protocol, more), false);
}
// The 101 of an origin that understood that request.
inline std::string websocket_answer_to(const HttpText& request, std::string_view more = {}) {
  const auto accept = http::websocket_accept(request.field("Sec-WebSocket-Key"));
  return switching_to("websocket", "Sec-WebSocket-Accept: " + std::string(accept.view()) + "\r\n" +
                                       std::string(more));
}

class H2TunnelTest : public H2Test {
 protected:
  static constexpr std::uint32_t kProtocolError = 1, kFlowControlError = 3, kCancel = 8;

  struct Ends {
    H2Client& client;
    Party& origin;
  };
  // A tunnel on stream 1 through which nothing has gone yet.
  Ends open(H2Client& client, net::FaultPlan to_origin = {}) {
    client.sends(connect_to(1, "websocket"));
    Party& origin = accept(to_origin);
    origin.sends(websocket_answer_to(origin.receives()));
    EXPECT_EQ(client.answer(1).status, 200);
    EXPECT_FALSE(client.answer(1).ended);
    return {client, origin};
  }
  Ends open() { return open(connect_h2()); }
  void expect_ended(Errc reason) {
    ASSERT_FALSE(records().empty());
    EXPECT_EQ(last_record().values.reason, reason);
    EXPECT_EQ(last_record().values.status, 101);
    EXPECT_TRUE(last_record().values.tunnel);
    EXPECT_EQ(in_flight(), 0U);
  }
  // The connection goes on.
  void expect_served(H2Client& client, std::int32_t stream) {
    client.sends(h2::get(stream));
    accept().sends("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_EQ(client.answer(stream).body, "ok");
    EXPECT_FALSE(client.seen().goaway());
  }
};

}  // namespace weir::test
