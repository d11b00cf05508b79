// Interim answers (RFC 9110 section 15.2) and Expect: 100-continue.
#include <gtest/gtest.h>

#include <string>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::HttpText;
using test::kGet;
using test::kOk;
using test::Party;

class Interim : public test::ExchangeTest {};

constexpr std::string_view kExpecting =
    "PUT / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
constexpr std::string_view kHints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

TEST_F(Interim, AnswersAreForwardedAndTheConnectionIsKept) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(kHints);
  const HttpText hints = client.receives();
  EXPECT_EQ(hints.start, "HTTP/1.1 103 Early Hints");
  EXPECT_EQ(hints.field("Link"), "</style.css>");
  origin.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
  EXPECT_EQ(last_record().values.status, 200);
  client.sends(kGet);
  EXPECT_EQ(connecting(), 0U);
  origin.sends(kOk);
}

TEST_F(Interim, AndFinalAnswerMayComeInOneRead) {
  Party& client = connect();
  client.sends(kGet);
  accept().sends(std::string(kHints) + std::string(kHints) + std::string(kOk));
  EXPECT_EQ(client.receives().status(), 103);
  EXPECT_EQ(client.receives().status(), 103);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(Interim, AnswersAreNotForOldClients) {
  Party& client = connect();
  client.sends("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
  accept().sends(std::string(kHints) + std::string(kOk));
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(Interim, HopByHopFieldsOfInterimAnswersAreDropped) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 103 Early Hints\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\n\r\n");
  const HttpText hints = client.receives();
  EXPECT_FALSE(hints.has("X-Hop"));
  EXPECT_FALSE(hints.has("Connection"));
  EXPECT_EQ(hints.field("X-End"), "2");
  origin.sends(kOk);
}

TEST_F(Interim, SixteenPass) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  for (int i = 0; i < limits::kInterimResponses; ++i) origin.sends(kHints);
  origin.sends(kOk);
  for (int i = 0; i < limits::kInterimResponses; ++i) EXPECT_EQ(client.receives().status(), 103);
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(Interim, OneMoreIsTooMany) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  for (int i = 0; i <= limits::kInterimResponses; ++i) origin.sends(kHints);
  for (int i = 0; i < limits::kInterimResponses; ++i) EXPECT_EQ(client.receives().status(), 103);
  EXPECT_EQ(client.receives().status(), 502);
  EXPECT_FALSE(origin.is_connected());
  EXPECT_EQ(last_record().values.reason, Errc::too_many_interim);
}

TEST_F(Interim, ASwitchOfProtocolsNobodyAskedForIsRefused) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw");
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 502);
  EXPECT_EQ(client.receives_bytes(), "") << "not a byte of the other protocol passes";
  EXPECT_FALSE(origin.is_connected());
  EXPECT_EQ(last_record().values.reason, Errc::unasked_upgrade);
}

TEST_F(Interim, ExpectedContinueComesFromTheOrigin) {
  Party& client = connect();
  client.sends(kExpecting);
  Party& origin = accept();
  EXPECT_EQ(origin.receives().field("Expect"), "100-continue");
  EXPECT_EQ(client.receives_bytes(), "");
  origin.sends(kContinue);
  EXPECT_EQ(client.receives().status(), 100);
  client.sends("abc");
  EXPECT_EQ(origin.receives_bytes(), "abc");
  origin.sends(kOk);
  const HttpText response = client.receives();
  EXPECT_EQ(response.status(), 200);
  EXPECT_EQ(response.field("Connection"), "-");
  EXPECT_TRUE(origin.is_connected());
}

TEST_F(Interim, AFinalAnswerInsteadOfContinueClosesBothConnections) {
  Party& client = connect();
  client.sends(kExpecting);
  Party& origin = accept();
  origin.sends("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  const HttpText response = client.receives();
  EXPECT_EQ(response.status(), 403);
  EXPECT_EQ(response.field("Connection"), "close");
  EXPECT_TRUE(client.was_told_end());
  EXPECT_FALSE(origin.is_connected());
  client.sends("GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(records().size(), 1U) << "what comes now may be content or a request";
}

TEST_F(Interim, AnOwnAnswerInsteadOfContinueCloses) {
  route().match.path = "/elsewhere";
  Party& client = connect();
  client.sends(kExpecting);
  const HttpText answer = client.receives();
  EXPECT_EQ(answer.status(), 404);
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_TRUE(client.was_told_end());
}

TEST_F(Interim, AClientThatDoesNotWaitKeepsItsConnection) {
  Party& client = connect();
  client.sends(std::string(kExpecting) + "abc");
  Party& origin = accept();
  EXPECT_EQ(origin.receives().body, "abc");
  origin.sends(std::string(kContinue) + std::string(kOk));
  EXPECT_EQ(client.receives().status(), 100);
  EXPECT_EQ(client.receives().field("Connection"), "-");
}

}  // namespace
}  // namespace weir::proxy
