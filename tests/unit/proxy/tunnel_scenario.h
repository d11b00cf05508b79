// Upgrades, their answers, and a tunnel through the proxy: what the tests of tunnels share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "support/scenario.h"

namespace weir::test {

inline std::string upgrade_to(std::string_view protocols, std::string_view more = {}) {
  return "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: " +
         std::string(protocols) + "\r\n" + std::string(more) + "\r\n";
}
inline std::string switching_to(std::string_view protocols, std::string_view more = {}) {
  return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " +
         std::string(protocols) + "\r\n" + std::string(more) + "\r\n";
}
// The example of RFC 6455 section 1.3.
inline constexpr std::string_view kWebsocketKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
inline constexpr std::string_view kWebsocketAccept =
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

class TunnelTest : public ExchangeTest {
 protected:
  struct Ends {
    Party& client;
    Party& origin;
  };
  // A tunnel through which nothing has gone yet.
  Ends open() {
    Party& client = connect();
    client.sends(upgrade_to("websocket"));
    Party& origin = accept();
    origin.receives();
    origin.sends(switching_to("websocket"));
    EXPECT_EQ(client.receives().status(), 101);
    return {client, origin};
  }
  // What the client gets when the origin gives that answer to that request.
  HttpText answer_to(const std::string& request, const std::string& answer) {
    Party& client = connect();
    client.sends(request);
    Party& origin = accept();
    origin.sends(answer);
    HttpText text = client.receives();
    EXPECT_EQ(client.receives_bytes(), "") << "not a byte of another protocol passes";
    EXPECT_FALSE(origin.is_connected());
    return text;
  }
  void expect_ended(Errc reason) {
    ASSERT_FALSE(records().empty());
    EXPECT_EQ(last_record().values.reason, reason);
    EXPECT_EQ(last_record().values.status, 101);
    EXPECT_TRUE(last_record().values.tunnel);
    EXPECT_EQ(in_flight(), 0U);
  }
};

}  // namespace weir::test
