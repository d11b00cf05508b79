// Clients that leave, at every stage of their exchange: the attempt at the origin ends with them,
// and the record says so.
#include <gtest/gtest.h>

#include <string>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::kGet;
using test::kOk;
using test::Party;

class ClientAbort : public test::ExchangeTest {
 protected:
  void expect_gone(int status) {
    ASSERT_FALSE(records().empty());
    EXPECT_EQ(last_record().values.reason, Errc::client_gone);
    EXPECT_EQ(last_record().values.status, status);
    EXPECT_EQ(in_flight(), 0U);
    EXPECT_EQ(live_cluster().connections(), 0U);
    EXPECT_EQ(open_downstreams(), 0U);
  }
};

TEST_F(ClientAbort, BeforeAnyByteLeavesNoRecord) {
  Party& client = connect();
  client.closes();
  EXPECT_TRUE(records().empty());
  EXPECT_EQ(open_downstreams(), 0U);
}

TEST_F(ClientAbort, AmidTheHeadReachesNoOrigin) {
  Party& client = connect();
  client.sends("GET / HTTP/1.1\r\nHost: a.te");
  client.closes();
  EXPECT_TRUE(connector.targets().empty());
  EXPECT_EQ(last_record().values.reason, Errc::client_gone);
  EXPECT_EQ(last_record().values.status, 0);
}

TEST_F(ClientAbort, WhileConnectingCancelsTheConnect) {
  Party& client = connect();
  client.sends(kGet);
  EXPECT_EQ(connecting(), 1U);
  client.closes();
  EXPECT_EQ(connecting(), 0U);
  expect_gone(0);
}

TEST_F(ClientAbort, AmidItsContentEndsTheRequestIncomplete) {
  Party& client = connect();
  client.sends("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  Party& origin = accept();
  client.closes();
  EXPECT_FALSE(origin.is_connected());
  const test::HttpText request = origin.receives();
  EXPECT_EQ(request.body, "ab");
  EXPECT_FALSE(request.whole);
  expect_gone(0);
}

TEST_F(ClientAbort, WhileWaitingForTheAnswer) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  EXPECT_EQ(in_flight(), 1U);
  client.closes();
  EXPECT_FALSE(origin.is_connected());
  expect_gone(0);
}

TEST_F(ClientAbort, ByAReset) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  client.resets();
  EXPECT_FALSE(origin.is_connected());
  expect_gone(0);
}

TEST_F(ClientAbort, ByHalfClosing) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  client.finishes();
  EXPECT_FALSE(origin.is_connected());
  EXPECT_FALSE(client.is_connected());
  expect_gone(0);
}

TEST_F(ClientAbort, AmidTheAnswer) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  client.closes();
  EXPECT_FALSE(origin.is_connected());
  expect_gone(200);
}

TEST_F(ClientAbort, NoticedOnlyWhenTheAnswerIsWritten) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  client.peer().wire().fail_writes(net::MemoryWire::End::left);
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_FALSE(origin.is_connected());
  expect_gone(0);  // not a byte of the answer was sent
}

TEST_F(ClientAbort, NoticedOnlyWhenAnOwnAnswerIsWritten) {
  Party& client = connect();
  client.sends(kGet);
  client.peer().wire().fail_writes(net::MemoryWire::End::left);
  refuse();
  EXPECT_EQ(last_record().values.reason, Errc::client_gone);
  EXPECT_EQ(open_downstreams(), 0U);
}

TEST_F(ClientAbort, BetweenAttempts) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(kGet);
  refuse();
  EXPECT_EQ(connecting(), 1U);
  client.closes();
  EXPECT_EQ(connecting(), 0U);
  expect_gone(0);
}

TEST_F(ClientAbort, WithPipelinedRequestsLeavesThemUnanswered) {
  Party& client = connect();
  client.sends(std::string(kGet) + std::string(kGet));
  Party& origin = accept();
  client.closes();
  EXPECT_FALSE(origin.is_connected());
  EXPECT_EQ(records().size(), 1U);
  expect_gone(0);
}

TEST_F(ClientAbort, OfOneClientIsNoMatterToAnother) {
  Party& one = connect();
  Party& two = connect();
  one.sends(kGet);
  two.sends(kGet);
  Party& first = accept();
  Party& second = accept();
  one.closes();
  EXPECT_FALSE(first.is_connected());
  second.sends(kOk);
  EXPECT_EQ(two.receives().body, "ok");
  EXPECT_EQ(endpoint().in_flight(), 0U);
}

TEST_F(ClientAbort, AfterTheAnswerIsNone) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(kOk);
  client.closes();
  EXPECT_EQ(records().size(), 1U);
  EXPECT_EQ(last_record().values.reason, Errc::none);
  EXPECT_TRUE(origin.is_connected());
}

}  // namespace
}  // namespace weir::proxy
