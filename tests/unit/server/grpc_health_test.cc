// The two messages of gRPC's health checks, byte by byte.
#include "server/grpc_health.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::server {
namespace {

using namespace std::string_literals;

std::string message(const std::string& bytes) {
  return "\0\0\0\0"s + static_cast<char>(bytes.size()) + bytes;
}

TEST(HealthRequest, NamesAServiceOrNone) {
  EXPECT_EQ(health_request(""), "\0\0\0\0\0"s);
  EXPECT_EQ(health_request("a.B"), "\0\0\0\0\x05\x0a\x03"s + "a.B");
  const std::string longest(128, 'x');
  EXPECT_EQ(health_request(longest), "\0\0\0\0\x83\x0a\x80\x01"s + longest);
}

TEST(HealthResponse, HasAStatus) {
  EXPECT_EQ(read_health_response(message("\x08\x01")), ServingStatus::serving);
  EXPECT_EQ(read_health_response(message("\x08\x02")), ServingStatus::not_serving);
  EXPECT_EQ(read_health_response(message("")), ServingStatus::unknown) << "zero is left out";
  EXPECT_EQ(read_health_response(message("\x08\x02\x08\x01")), ServingStatus::serving)
      << "the last one counts";
}

TEST(HealthResponse, FieldsThatAreNotKnownAreSkipped) {
  for (const std::string& field :
       {"\x10\x96\x01"s, "\x11"s + "12345678", "\x12\x02\x08\x02"s, "\x15"s + "1234"}) {
    EXPECT_EQ(read_health_response(message(field + "\x08\x01")), ServingStatus::serving);
  }
}

TEST(HealthResponse, IsOneWholeMessage) {
  for (const std::string& bytes :
       {""s, "\0\0\0\0"s, "\1\0\0\0\x02\x08\x01"s, "\0\0\0\0\x03\x08\x01"s, "\0\0\0\0\x01\x08\x01"s,
        message("\x08"), message("\x08\x80"), message("\x12\x05x"),
        message("\x11"
                "1234567"),
        message("\x0b\x08\x01"), message("\x08" + std::string(11, '\x80') + "\x01")}) {
    EXPECT_EQ(read_health_response(bytes), std::nullopt) << testing::PrintToString(bytes);
  }
}

TEST(ServingStatus, HasANameOrANumber) {
  EXPECT_EQ(name_of(ServingStatus::not_serving), "NOT_SERVING");
  EXPECT_EQ(name_of(static_cast<ServingStatus>(7)), "7");
}

}  // namespace
}  // namespace weir::server
