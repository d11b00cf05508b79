// gRPC calls: own answers in gRPC's words, the statuses of others seen, and what they tell of an
// endpoint.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "h2_scenario.h"

namespace weir::proxy {
namespace {

using test::H2Client;
using test::Party;
namespace h2 = test::h2;
using namespace std::chrono_literals;

class GrpcCall : public test::H2Test {
 protected:
  static std::string call(std::int32_t stream, std::string_view path = "/shop.Cart/Add",
                          std::string_view type = "application/grpc+proto", bool whole = true) {
    const h2::Fields more = {{"te", "trailers"}, {"content-type", std::string(type)}};
    return h2::headers(stream, h2::request_fields("POST", path, more), false) +
           h2::data(stream, message(), whole);
  }
  static std::string message() { return std::string("\0\0\0\0\2hi", 7); }
  // A whole answer of an origin, its status behind it.
  static std::string ends_with(const std::string& status) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n"
           "7\r\n" +
           message() + "\r\n0\r\ngrpc-status: " + status + "\r\n\r\n";
  }
};

TEST_F(GrpcCall, IsAnsweredInItsOwnWords) {
  route().match.path = "/other";
  H2Client& client = connect_h2();
  client.sends(call(1));
  const h2::Answer& answer = client.answer(1);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("content-type"), "application/grpc");
  EXPECT_EQ(answer.field("grpc-status"), "12");
  EXPECT_EQ(answer.field("grpc-message"), "404 Not Found: no route matches");
  EXPECT_EQ(answer.field("proxy-status"),
            "weir; error=destination_not_found; details=\"no route matches\"");
  EXPECT_EQ(answer.field("content-length"), "-");
  EXPECT_TRUE(answer.ended);
  EXPECT_EQ(answer.body, "");
  EXPECT_TRUE(client.seen().frames(h2::kData).empty()) << "Trailers-Only";
  EXPECT_EQ(last_record().values.status, 404);
  EXPECT_EQ(last_record().values.grpc_status, 12);
  EXPECT_TRUE(last_record().values.grpc);
}

TEST_F(GrpcCall, WithTooMuchMetadataIsToldSoInItsOwnWords) {
  listener().limits.headers = 10;
  H2Client& client = connect_h2();
  h2::Fields more = {{"content-type", "application/grpc"}};
  for (int i = 0; i < 10; ++i) more.emplace_back("x-more", std::to_string(i));
  client.sends(h2::headers(1, h2::request_fields("POST", "/shop.Cart/Add", more), true));
  EXPECT_EQ(client.answer(1).field("grpc-status"), "8");
  EXPECT_EQ(last_record().values.status, 431);
}

TEST_F(GrpcCall, NothingElseIs) {
  route().match.path = "/other";
  H2Client& client = connect_h2();
  client.sends(call(1, "/", "application/grpc-web") + call(3, "/", "application/json") +
               h2::get(5));
  for (const int stream : {1, 3, 5}) {
    EXPECT_EQ(client.answer(stream).status, 404);
    EXPECT_EQ(client.answer(stream).field("grpc-status"), "-");
  }
  EXPECT_FALSE(last_record().values.grpc);
  Party& http1 = connect();
  http1.sends(
      "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/grpc\r\n"
      "Content-Length: 0\r\n\r\n");
  EXPECT_EQ(http1.receives().status(), 404);
}

TEST_F(GrpcCall, AnUnreachableEndpointIsUnavailableAndSoIsOneThatIsSlowToConnect) {
  route().retry.attempts = 0;
  H2Client& client = connect_h2();
  client.sends(call(1));
  refuse();
  EXPECT_EQ(client.answer(1).field("grpc-status"), "14");
  EXPECT_EQ(last_record().values.status, 502);
  client.sends(call(3));
  advance(4100ms);
  EXPECT_EQ(client.answer(3).field("grpc-status"), "14");
  EXPECT_EQ(last_record().values.status, 504);
}

TEST_F(GrpcCall, AnOriginThatIsLateExceedsADeadline) {
  H2Client& client = connect_h2();
  client.sends(call(1));
  accept();
  advance(30100ms);
  EXPECT_EQ(client.answer(1).field("grpc-status"), "4");
  EXPECT_EQ(client.answer(1).field("grpc-message"),
            "504 Gateway Timeout: the endpoint did not answer in time");
}

TEST_F(GrpcCall, ALimitExhaustsAResource) {
  route().rate_limit = {.requests = 1, .burst = 1, .key = {}};
  H2Client& client = connect_h2();
  client.sends(call(1) + call(3));
  const h2::Answer& answer = client.answer(3);
  EXPECT_EQ(answer.field("grpc-status"), "8");
  EXPECT_EQ(answer.field("retry-after"), "1");
  EXPECT_NE(answer.field("ratelimit-policy"), "-");
}

TEST_F(GrpcCall, AFixedAnswerThatRefusesIsTold) {
  route().action = config::ActionKind::respond;
  route().respond = {.status = 503, .body = "closed until 17:00, 100%\n"};
  H2Client& client = connect_h2();
  client.sends(call(1));
  EXPECT_EQ(client.answer(1).field("grpc-status"), "14");
  EXPECT_EQ(client.answer(1).field("grpc-message"), "closed until 17:00, 100%25");
  EXPECT_EQ(client.answer(1).field("proxy-status"), "-");
}

TEST_F(GrpcCall, AFixedAnswerForBrowsersIsNamed) {
  route().action = config::ActionKind::respond;
  route().respond = {.status = 403, .body = "<p>No", .content_type = "text/html"};
  H2Client& client = connect_h2();
  client.sends(call(1));
  EXPECT_EQ(client.answer(1).field("grpc-status"), "7");
  EXPECT_EQ(client.answer(1).field("grpc-message"), "Forbidden");
}

TEST_F(GrpcCall, ARedirectIsLeftAsItIs) {
  route().action = config::ActionKind::redirect;
  route().redirect = {.to = "https://shop.test/", .status = 308};
  H2Client& client = connect_h2();
  client.sends(call(1, "/a"));
  EXPECT_EQ(client.answer(1).status, 308);
  EXPECT_EQ(client.answer(1).field("location"), "https://shop.test/a");
}

TEST_F(GrpcCall, ItsStatusIsSeenBehindTheContent) {
  H2Client& client = connect_h2();
  client.sends(call(1));
  accept().sends(ends_with("5"));
  EXPECT_EQ(client.answer(1).trailer("grpc-status"), "5");
  EXPECT_EQ(client.answer(1).body, message());
  EXPECT_EQ(last_record().values.status, 200);
  EXPECT_EQ(last_record().values.grpc_status, 5);
}

TEST_F(GrpcCall, ItsStatusIsSeenWhereItIsAlone) {
  H2Client& client = connect_h2();
  client.sends(call(1));
  accept().sends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\ngrpc-status: 16\r\n\r\n");
  EXPECT_EQ(client.answer(1).field("grpc-status"), "16");
  EXPECT_EQ(last_record().values.grpc_status, 16);
}

TEST_F(GrpcCall, HasNoStatusWhenItBreaksOff) {
  H2Client& client = connect_h2();
  client.sends(call(1));
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n" + message() + "\r\n");
  origin.resets();
  EXPECT_TRUE(client.answer(1).reset);
  EXPECT_TRUE(last_record().values.grpc);
  EXPECT_EQ(last_record().values.grpc_status, observe::kNoGrpcStatus);
}

TEST_F(GrpcCall, AnEndpointAnswersForItsFaultsAndNotForItsClients) {
  cluster().outlier.consecutive_failures = 2;
  H2Client& client = connect_h2();
  std::int32_t stream = 1;
  Party* origin = nullptr;
  const auto ends = [&](const std::string& status) {
    client.sends(call(stream));
    if (origin == nullptr) origin = &accept();
    origin->sends(ends_with(status));
    EXPECT_EQ(client.answer(stream).trailer("grpc-status"), status);
    stream += 2;
  };
  for (const char* status : {"1", "3", "4", "5", "8", "12", "16", "99"}) ends(status);
  EXPECT_EQ(endpoint().conduct().failures(), 0U);
  ends("13");
  EXPECT_EQ(endpoint().conduct().failures(), 1U);
  EXPECT_EQ(endpoint().conduct().last_fault().grpc_status, 13);
  ends("0");
  EXPECT_EQ(endpoint().conduct().failures(), 0U);
}

// A client that measures the path sends a PING for each piece it gets (gRPC's BDP estimator).
TEST_F(GrpcCall, PingsThatAnswerContentAreNoFlood) {
  H2Client& client = connect_h2();
  client.sends(call(1));
  Party& origin = accept();
  origin.sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (std::uint32_t i = 0; i < limits::kH2Pings.burst * 3; ++i) {
    origin.sends("1\r\nx\r\n");
    client.sends(h2::ping());
  }
  EXPECT_FALSE(client.seen().goaway());
  for (std::uint32_t i = 0; i <= limits::kH2Pings.burst; ++i) client.sends(h2::ping());
  EXPECT_TRUE(client.seen().goaway()) << "pings for nothing are one";
}

}  // namespace
}  // namespace weir::proxy
