// Composes the proxy's own error answers from the error table. Formats into its own storage,
// allocates nothing.
#include "proxy/own_answer.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <initializer_list>
#include <string_view>

#include "http/grpc.h"

namespace weir::proxy {
namespace {

constexpr std::string_view kMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

std::size_t join(std::span<char> out, std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (std::string_view part : parts) {
    const std::size_t n = std::min(part.size(), out.size() - size);
    std::memcpy(out.data() + size, part.data(), n);
    size += n;
  }
  return size;
}

// A connection that was not had in time is no deadline of the call's: nothing was sent, and clients
// may try again.
GrpcStatus grpc_status_for(Errc reason, int http_status) {
  if (reason == Errc::connect_timeout || reason == Errc::resolve_timeout) {
    return GrpcStatus::unavailable;
  }
  return http::grpc_status_for(http_status);
}

// What the other answer says to people, if it is meant for reading as it is.
std::string_view words_for_grpc(const http::OwnAnswer& answer) {
  std::string_view text = answer.content_type.starts_with("text/plain") ? answer.body : "";
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text.empty() ? http::reason_phrase(answer.status) : text;
}

}  // namespace

ErrorAnswer::ErrorAnswer(Errc reason) : status_(status_of(reason)) {
  if (status_ == 0) status_ = 500;
  proxy_status_size_ = join(proxy_status_, {"weir; error=", proxy_status_of(reason), "; details=\"",
                                            words_of(reason), "\""});
  char digits[4];
  const auto end = std::to_chars(digits, digits + sizeof digits, status_).ptr;
  body_size_ = join(body_, {std::string_view(digits, end), " ", http::reason_phrase(status_), ": ",
                            words_of(reason), "\n"});

  add("Proxy-Status", {proxy_status_.data(), proxy_status_size_});
  if (status_ == 503) add("Retry-After", "1");
  if (status_ == 405) add("Allow", kMethods);
}

void ErrorAnswer::add(std::string_view name, std::string_view value) {
  fields_[field_count_++] = {http::EditKind::add, http::field_id(name), name, value};
}

// The policy's name is the same for all routes: theirs are not for strangers.
void ErrorAnswer::tell_limit(const config::RateLimit& limit, std::uint64_t wait_ns) {
  constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
  char digits[3][20];
  const auto decimal = [&digits](std::size_t i, std::uint64_t number) -> std::string_view {
    return {digits[i], std::to_chars(digits[i], digits[i] + sizeof digits[i], number).ptr};
  };
  const std::string_view quota = decimal(0, limit.requests);
  const std::string_view window = decimal(1, static_cast<std::uint64_t>(limit.per.count()) / 1000);
  const std::string_view wait = decimal(2, (wait_ns + kNsPerSecond - 1) / kNsPerSecond);
  add("Retry-After", {retry_after_.data(), join(retry_after_, {wait})});
  add("RateLimit-Policy", {policy_.data(), join(policy_, {"\"route\";q=", quota, ";w=", window})});
  add("RateLimit", {limit_.data(), join(limit_, {"\"route\";r=0;t=", wait})});
}

http::OwnAnswer ErrorAnswer::answer() const {
  http::OwnAnswer answer;
  answer.status = status_;
  answer.body = {body_.data(), body_size_};
  answer.fields = std::span(fields_.data(), field_count_);
  return answer;
}

GrpcAnswer::GrpcAnswer(const http::OwnAnswer& answer, Errc reason)
    : status_(grpc_status_for(reason, answer.status)) {
  const auto end =
      std::to_chars(number_.data(), number_.data() + number_.size(), static_cast<unsigned>(status_))
          .ptr;
  const std::size_t size = http::encode_grpc_message(words_for_grpc(answer), message_);
  add("content-type", http::kGrpcContentType);
  add("grpc-status", {number_.data(), end});
  add("grpc-message", {message_.data(), size});
  for (const http::HeadEdit& field : answer.fields) {
    if (field_count_ < fields_.size()) fields_[field_count_++] = field;
  }
}

void GrpcAnswer::add(std::string_view name, std::string_view value) {
  fields_[field_count_++] = {http::EditKind::add, http::field_id(name), name, value};
}

http::OwnAnswer GrpcAnswer::answer() const {
  http::OwnAnswer answer;
  answer.status = 200;
  answer.fields = std::span(fields_.data(), field_count_);
  answer.only_fields = true;
  return answer;
}

}  // namespace weir::proxy
