// What Weir knows of gRPC over HTTP/2 (doc/PROTOCOL-HTTP2.md of its project): which requests are
// calls, where their status stands, and how an HTTP status is told as one. Called by proxy/ and by
// health checks. Pure functions; messages pass unread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include <weir/grpc.h>

#include "http/head.h"

namespace weir::http {

inline constexpr std::string_view kGrpcContentType = "application/grpc";

// application/grpc, also with a +format or parameters behind it; not application/grpc-web, whose
// clients read statuses elsewhere.
bool is_grpc_content(std::string_view content_type);
// A call: such content, by POST over HTTP/2.
bool is_grpc_call(const RequestHead& request);

// What a complete response says of its call: in its trailers, or in its head when that is all of it
// ("Trailers-Only"). Nothing when it says none, or no number below 1000.
std::optional<int> grpc_status_of(const ResponseHead& response);
// The text beside it, still percent-encoded.
std::string_view grpc_message_of(const ResponseHead& response);

// What a gRPC client should make of an answer with that HTTP status.
GrpcStatus grpc_status_for(int http_status);

// Writes `text` as a grpc-message, percent-encoded, as much of it as fits; how many bytes it took.
std::size_t encode_grpc_message(std::string_view text, std::span<char> out);

}  // namespace weir::http
