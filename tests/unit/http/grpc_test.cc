// gRPC's words: which requests are calls, where a status stands, and how one is made of HTTP's.
#include "http/grpc.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "parsing.h"

namespace weir::http {
namespace {

TEST(GrpcContent, IsToldFromItsNeighbours) {
  for (const char* type : {"application/grpc", "application/grpc+proto", "Application/GRPC+json",
                           "application/grpc;charset=utf-8", "application/grpc ; a=b"}) {
    EXPECT_TRUE(is_grpc_content(type)) << type;
  }
  for (const char* type : {"", "application/grp", "application/grpc-web", "application/grpcweb",
                           "application/grpc-web+proto", "text/plain", "application/json"}) {
    EXPECT_FALSE(is_grpc_content(type)) << type;
  }
}

TEST(GrpcCall, NeedsHttp2) {
  RequestParse http1;
  http1.run(request_with("Content-Type: application/grpc\r\nContent-Length: 0\r\n"));
  EXPECT_TRUE(is_grpc_content(http1.head.value_of(FieldId::content_type)));
  EXPECT_FALSE(is_grpc_call(http1.head));
}

std::optional<int> status_in(const std::string& fields, const std::string& trailers) {
  ResponseParse parse;
  parse.run("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + fields + "\r\n0\r\n" + trailers +
            "\r\n");
  return grpc_status_of(parse.head);
}

TEST(GrpcStatusOf, StandsInTheTrailersOrAlone) {
  EXPECT_EQ(status_in("", "grpc-status: 0\r\n"), 0);
  EXPECT_EQ(status_in("", "X-A: b\r\nGrpc-Status: 14\r\n"), 14);
  EXPECT_EQ(status_in("grpc-status: 5\r\n", ""), 5);
  EXPECT_EQ(status_in("grpc-status: 5\r\n", "grpc-status: 0\r\n"), 0) << "the trailers have it";
  EXPECT_EQ(status_in("", "grpc-status: 999\r\n"), 999);
}

TEST(GrpcStatusOf, IsMissingWhereItIsNoNumber) {
  for (const char* value : {"", "x", "-1", "1.0", "1000", "0x1", "1 2"}) {
    EXPECT_EQ(status_in("", "grpc-status: " + std::string(value) + "\r\n"), std::nullopt) << value;
  }
  EXPECT_EQ(status_in("", ""), std::nullopt);
}

std::string encoded(std::string_view text, std::size_t room = 100) {
  std::string out(room, '-');
  out.resize(encode_grpc_message(text, out));
  return out;
}

TEST(GrpcMessage, IsPercentEncoded) {
  EXPECT_EQ(encoded("plain words, ~ and space"), "plain words, ~ and space");
  EXPECT_EQ(encoded("100% \"sure\"\n"), "100%25 \"sure\"%0A");
  EXPECT_EQ(encoded("\xc3\xa9\x7f"), "%C3%A9%7F");
}

TEST(GrpcMessage, IsCutBetweenCharacters) {
  EXPECT_EQ(encoded("ab%", 5), "ab%25");
  EXPECT_EQ(encoded("ab%", 4), "ab");
  EXPECT_EQ(encoded("abc", 2), "ab");
  EXPECT_EQ(encoded("abc", 0), "");
}

TEST(GrpcStatusFor, EveryOwnStatusHasAMeaning) {
  using enum GrpcStatus;
  for (const auto& [http, grpc] : {std::pair{400, internal},
                                   {401, unauthenticated},
                                   {403, permission_denied},
                                   {404, unimplemented},
                                   {405, unimplemented},
                                   {408, deadline_exceeded},
                                   {413, resource_exhausted},
                                   {414, resource_exhausted},
                                   {417, internal},
                                   {429, resource_exhausted},
                                   {431, resource_exhausted},
                                   {500, unknown},
                                   {501, unimplemented},
                                   {502, unavailable},
                                   {503, unavailable},
                                   {504, deadline_exceeded},
                                   {505, internal},
                                   {508, internal},
                                   {418, unknown}}) {
    EXPECT_EQ(grpc_status_for(http), grpc) << http;
  }
}

TEST(ServerFault, IsWhatNoClientCanBringAbout) {
  for (int status = -1; status < 20; ++status) {
    const bool fault = status == 2 || status == 13 || status == 14 || status == 15;
    EXPECT_EQ(is_server_fault(status), fault) << status;
  }
}

}  // namespace
}  // namespace weir::http
