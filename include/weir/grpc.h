// The statuses of gRPC: the words of its project's statuscodes.md, shared by what answers in them,
// what counts them and what is read from endpoints. Vocabulary alone; the rules are http/grpc.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir {

enum class GrpcStatus : std::uint8_t {
  ok,
  cancelled,
  unknown,
  invalid_argument,
  deadline_exceeded,
  not_found,
  already_exists,
  permission_denied,
  resource_exhausted,
  failed_precondition,
  aborted,
  out_of_range,
  unimplemented,
  internal,
  unavailable,
  data_loss,
  unauthenticated,
};
inline constexpr std::size_t kGrpcStatuses = 17;

// Whether a call with that status failed by its server's doing. Not by what its client asked for,
// nor in the time that the client gave it: those would let a client put a good server in a bad
// light. Numbers that mean nothing are nobody's fault.
constexpr bool is_server_fault(int status) {
  switch (status) {
    case static_cast<int>(GrpcStatus::unknown):
    case static_cast<int>(GrpcStatus::internal):
    case static_cast<int>(GrpcStatus::unavailable):
    case static_cast<int>(GrpcStatus::data_loss):
      return true;
    default:
      return false;
  }
}

}  // namespace weir
