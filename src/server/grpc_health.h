// The two messages of gRPC's health checking protocol (grpc.health.v1.Health/Check), written and
// read by hand: a text in one field, a number in the other. Called by server/health_probe. No IO.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::server {

inline constexpr std::string_view kHealthMethod = "/grpc.health.v1.Health/Check";

// What a service is said to be; numbers that are none of these are kept as they are.
enum class ServingStatus : std::uint32_t {
  unknown = 0,
  serving = 1,
  not_serving = 2,
  service_unknown = 3,
};
// As the protocol writes it, SERVING; a number that has no name as such.
std::string name_of(ServingStatus status);

// A HealthCheckRequest as content of a call, with the prefix that every message has. `service` is
// empty for the server as a whole.
std::string health_request(std::string_view service);

// What a HealthCheckResponse says, which is all of a call's content. Nothing when it is not exactly
// one whole, uncompressed message.
std::optional<ServingStatus> read_health_response(std::string_view content);

}  // namespace weir::server
