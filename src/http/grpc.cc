// Section names are those of gRPC's PROTOCOL-HTTP2.md and http-grpc-status-mapping.md.
#include "http/grpc.h"

#include <algorithm>

#include "base/ascii.h"

namespace weir::http {
namespace {

std::string_view trailer_or_field(const ResponseHead& response, std::string_view name) {
  for (const Field& field : response.trailers()) {
    if (ascii::equals_ignoring_case(response.name(field), name)) return response.value(field);
  }
  const Field* field = response.find(name);
  return field == nullptr ? std::string_view() : response.value(*field);
}

}  // namespace

bool is_grpc_content(std::string_view content_type) {
  if (content_type.size() < kGrpcContentType.size()) return false;
  const std::string_view kind = content_type.substr(0, kGrpcContentType.size());
  if (!ascii::equals_ignoring_case(kind, kGrpcContentType)) return false;
  const std::string_view rest = ascii::trim(content_type.substr(kGrpcContentType.size()));
  return rest.empty() || rest.front() == '+' || rest.front() == ';';
}

bool is_grpc_call(const RequestHead& request) {
  return request.major_version() == 2 && request.method() == Method::post &&
         is_grpc_content(request.value_of(FieldId::content_type));
}

std::optional<int> grpc_status_of(const ResponseHead& response) {
  constexpr std::size_t kDigits = 3;
  const std::string_view text = trailer_or_field(response, "grpc-status");
  if (text.empty() || text.size() > kDigits || !std::ranges::all_of(text, ascii::is_digit)) {
    return {};
  }
  int status = 0;
  for (const char digit : text) status = status * 10 + (digit - '0');
  return status;
}

std::string_view grpc_message_of(const ResponseHead& response) {
  return trailer_or_field(response, "grpc-message");
}

// As http-grpc-status-mapping.md has it for clients that get such a status, but where gRPC's own
// implementations say more: a deadline that passed, and what was too much or too many. Those must
// not look like UNAVAILABLE, which clients take for leave to try again.
GrpcStatus grpc_status_for(int http_status) {
  switch (http_status) {
    case 400:
    case 417:
    case 505:
    case 508:
      return GrpcStatus::internal;
    case 401:
      return GrpcStatus::unauthenticated;
    case 403:
      return GrpcStatus::permission_denied;
    case 404:
    case 405:
    case 501:
      return GrpcStatus::unimplemented;
    case 408:
    case 504:
      return GrpcStatus::deadline_exceeded;
    case 413:
    case 414:
    case 429:
    case 431:
      return GrpcStatus::resource_exhausted;
    case 502:
    case 503:
      return GrpcStatus::unavailable;
    default:
      return GrpcStatus::unknown;
  }
}

// "Percent-Encoded": all but what may be seen or is a space, and the percent sign itself.
std::size_t encode_grpc_message(std::string_view text, std::span<char> out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::size_t size = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x20 && byte <= 0x7e && c != '%';
    if (size + (plain ? 1 : 3) > out.size()) break;
    if (plain) {
      out[size++] = c;
      continue;
    }
    out[size++] = '%';
    out[size++] = kHex[byte >> 4];
    out[size++] = kHex[byte & 15];
  }
  return size;
}

}  // namespace weir::http
