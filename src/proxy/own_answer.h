// The proxy's own error answers: status, Proxy-Status (RFC 9209), Retry-After, Allow, what a rate
// limit was (draft-ietf-httpapi-ratelimit-headers), and one line for people; and how gRPC clients
// are told the same. Values only; the exchange sends them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <weir/config.h>
#include <weir/error.h>
#include <weir/grpc.h>

#include "http/h1_writer.h"

namespace weir::proxy {

// The answer to an error, with the storage its views point into; lives until the answer is sent.
class ErrorAnswer {
 public:
  explicit ErrorAnswer(Errc reason);
  ErrorAnswer(const ErrorAnswer&) = delete;
  ErrorAnswer& operator=(const ErrorAnswer&) = delete;

  // Says how many requests are taken, and when the next one will be.
  void tell_limit(const config::RateLimit& limit, std::uint64_t wait_ns);

  http::OwnAnswer answer() const;

  static constexpr std::size_t kFields = 5;  // the most that one has

 private:
  static constexpr std::size_t kTextBytes = 192;
  static constexpr std::size_t kLimitBytes = 64;

  void add(std::string_view name, std::string_view value);

  int status_;
  std::array<char, kTextBytes> proxy_status_;
  std::array<char, kTextBytes> body_;
  std::size_t proxy_status_size_ = 0;
  std::size_t body_size_ = 0;
  std::array<char, kLimitBytes> policy_, limit_, retry_after_;
  std::array<http::HeadEdit, kFields> fields_;
  std::size_t field_count_ = 0;
};

// Another answer as gRPC has it: status 200 and nothing but fields, which say what went wrong.
// Lives until it is sent, as does what the other answer refers to.
class GrpcAnswer {
 public:
  // `reason`: why that is the answer, none for a fixed one of the file.
  GrpcAnswer(const http::OwnAnswer& answer, Errc reason);
  GrpcAnswer(const GrpcAnswer&) = delete;
  GrpcAnswer& operator=(const GrpcAnswer&) = delete;

  GrpcStatus status() const { return status_; }
  http::OwnAnswer answer() const;

 private:
  static constexpr std::size_t kMessageBytes = 1024;
  static constexpr std::size_t kOwnFields = 3;

  void add(std::string_view name, std::string_view value);

  GrpcStatus status_;
  std::array<char, 3> number_;
  std::array<char, kMessageBytes> message_;
  std::array<http::HeadEdit, kOwnFields + ErrorAnswer::kFields> fields_;
  std::size_t field_count_ = 0;
};

}  // namespace weir::proxy
