// What becomes of requests while the process's buffers fill: nothing, connections that are not
// kept, refusals; each just below its share and at it. And that what is counted is given back.
#include <gtest/gtest.h>

#include <string>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::HttpText;
using test::kGet;
using test::Party;

constexpr std::uint64_t kLimit = 100'000'000;

class BufferPressure : public test::ExchangeTest {
 protected:
  BufferPressure() {
    file.buffer_bytes = kLimit;
    route().action = config::ActionKind::respond;
    route().respond.body = "ok";
  }
  HttpText answer_at(std::uint64_t held) {
    buffer_bytes().add(held);
    Party& client = connect();
    client.sends(kGet);
    HttpText answer = client.receives();
    buffer_bytes().take_away(held);
    return answer;
  }
  static constexpr std::uint64_t share(std::uint64_t percent) { return kLimit / 100 * percent; }
};

TEST_F(BufferPressure, ConnectionsAreKeptBelowFourFifths) {
  EXPECT_EQ(answer_at(share(limits::kBuffersTight) - 1).field("Connection"), "-");
  for (const std::uint64_t more : {0U, 1U}) {
    const HttpText answer = answer_at(share(limits::kBuffersTight) + more);
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.field("Connection"), "close");
  }
}

TEST_F(BufferPressure, RequestsAreTakenBelowNineTenths) {
  EXPECT_EQ(answer_at(share(limits::kBuffersFull) - 1).status(), 200);
  for (const std::uint64_t more : {0U, 1U}) {
    const HttpText answer = answer_at(share(limits::kBuffersFull) + more);
    EXPECT_EQ(answer.status(), 503);
    EXPECT_EQ(answer.field("Retry-After"), "1");
    EXPECT_EQ(answer.field("Connection"), "close");
    EXPECT_EQ(last_record().values.reason, Errc::buffers_full);
  }
  EXPECT_EQ(answer_at(0).status(), 200);
}

TEST_F(BufferPressure, WithoutALimitNothingIsRefused) {
  file.buffer_bytes = 0;
  EXPECT_EQ(answer_at(1'000 * kLimit).field("Connection"), "-");
}

TEST_F(BufferPressure, AReloadChangesTheLimit) {
  Party& client = connect();
  buffer_bytes().add(kLimit / 2);
  client.sends(kGet);
  EXPECT_EQ(client.receives().status(), 200);
  file.buffer_bytes = kLimit / 2;
  reload();
  client.sends(kGet);
  EXPECT_EQ(client.receives().status(), 503);
  buffer_bytes().take_away(kLimit / 2);
}

TEST_F(BufferPressure, ContentThatWaitsForAnEndpointIsCounted) {
  route().action = config::ActionKind::cluster;
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 40000\r\n\r\n");
  EXPECT_EQ(buffer_bytes().held(), 0U);
  client.sends(std::string(40'000, 'x'));
  EXPECT_EQ(buffer_bytes().held(), 3 * limits::kChunkBytes);
  Party& origin = accept();
  EXPECT_TRUE(origin.receives().whole);
  origin.sends(test::kOk);
  EXPECT_EQ(client.receives().status(), 200);
  EXPECT_EQ(buffer_bytes().held(), 0U);
}

TEST_F(BufferPressure, LargeHeadsAreCountedWhileTheirRequestLasts) {
  route().action = config::ActionKind::cluster;
  const std::string large(30'000, 'x');
  Party& client = connect();
  client.sends("GET / HTTP/1.1\r\nHost: a.test\r\nX-Large: " + large);
  EXPECT_GE(buffer_bytes().held(), large.size()) << "before the head is whole";
  client.sends("\r\n\r\n");
  Party& origin = accept();
  const std::uint64_t request = buffer_bytes().held();
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Large: " + large + "\r\n\r\nab");
  EXPECT_GE(buffer_bytes().held(), request + large.size());
  origin.sends("cde");
  EXPECT_EQ(client.receives().status(), 200);
  EXPECT_EQ(buffer_bytes().held(), 0U);
}

TEST_F(BufferPressure, UsualHeadsAreNotCounted) {
  route().action = config::ActionKind::cluster;
  Party& client = connect();
  client.sends(kGet);
  accept().sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(buffer_bytes().held(), 0U);
  client.closes();
}

}  // namespace
}  // namespace weir::proxy
